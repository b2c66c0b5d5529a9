"""Write what a connector pulled as landing files: one a table and night, never half.

A second pull of one night joins its first: of two records with one key the newer one
stands.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pipelines.files import replacing
from pipelines.ingestion.sources import CHANGES, FULL

Line = tuple[str, str]  # a record's key, and the record as JSON


def write_pull(
    records: Path, folder: Path, table: str, key: str, night: date, *, is_full: bool
) -> Path:
    """Add pulled records to the landing file of their table and night.

    Parameters
    ----------
    records : Path
        JSON lines, one record each; the later of two with one key stands.
    folder : Path
        ``landing/<source>``.
    table, key : str
        The table's name, and the field that tells its records apart.
    night : date
        When they are known.
    is_full : bool
        They are the whole table, so the file becomes just these.

    Returns
    -------
    Path
        The file written. Adding the same records twice gives the same bytes.
    """
    name = f"{table}-{night}.jsonl"
    whole, changes = folder / FULL / name, folder / CHANGES / name
    final = whole if is_full or whole.is_file() else changes
    last = {one: place for place, (one, _) in enumerate(_lines(records, key))}
    with replacing(final) as temporary, temporary.open("w", encoding="utf-8") as out:
        if not is_full and final.is_file():
            out.writelines(text for one, text in _lines(final, key) if one not in last)
        out.writelines(
            text
            for place, (one, text) in enumerate(_lines(records, key))
            if last[one] == place
        )
    if is_full:
        changes.unlink(missing_ok=True)  # the whole table holds them too
    return final


def _lines(path: Path, key: str) -> Iterator[Line]:
    with path.open(encoding="utf-8") as stream:
        for text in stream:
            yield str(json.loads(text)[key]), text
