"""What publication remembers of the copies it put in place, to reuse what still holds.

A small file beside them. It names the copies it speaks of by their place on the disk;
where those were touched, or another release wrote it, nothing is remembered and the
next publication writes all of it anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from pipelines.files import write_text
from pipelines.publication.fingerprints import Fingerprint
from pipelines.settings import Settings

_LAYOUT: Final = 2  # of the file; raise it where copies are written otherwise


@dataclass(frozen=True, slots=True)
class LastCopy:
    """One file that was published, and what its tables were.

    Parameters
    ----------
    file : Path
    tables : mapping of ``schema.table`` to Fingerprint
        Of the warehouse they were copied from.
    parquet : Path or None
        Folder with the same tables as Parquet.
    digests : mapping of ``schema.table`` to str
        SHA-256 of those Parquet files, of all that are as they were written.
    blocks : mapping of ``schema.table`` to frozenset of int
        Where the values of each table lie in `file`.
    """

    file: Path
    tables: Mapping[str, Fingerprint]
    parquet: Path | None
    digests: Mapping[str, str]
    blocks: Mapping[str, frozenset[int]]


def remember(settings: Settings, copies: Mapping[str, LastCopy]) -> None:
    """Write down what was put in place, whole or not at all; its owner reads it."""
    told = {
        "layout": _LAYOUT,
        "duckdb": duckdb.__version__,
        "copies": {
            name: {
                "file": copy.file.name,
                "place": _place(copy.file),
                "tables": {
                    table: [
                        list(map(list, one.shape)),
                        one.stored,
                        one.rows,
                        one.content,
                        one.stamp,
                    ]
                    for table, one in copy.tables.items()
                },
                "parquet": {
                    table: [digest, _place(parquet_file(copy.parquet, table))]
                    for table, digest in copy.digests.items()
                    if copy.parquet is not None
                },
                "blocks": {
                    table: _runs(blocks) for table, blocks in copy.blocks.items()
                },
            }
            for name, copy in copies.items()
        },
    }
    file = _file(settings)
    write_text(json.dumps(told), file)
    file.chmod(0o600)


def recall(settings: Settings, name: str) -> LastCopy | None:
    """Return a copy as it was put in place; None where that is not sure."""
    try:
        told = json.loads(_file(settings).read_text(encoding="utf-8"))
        if (told["layout"], told["duckdb"]) != (_LAYOUT, duckdb.__version__):
            return None
        found = told["copies"][name]
        file = settings.serving / found["file"]
        if found["place"] != _place(file):
            return None
        tables = {table: _fingerprint(*one) for table, one in found["tables"].items()}
        blocks = {
            table: frozenset(n for first, last in runs for n in range(first, last + 1))
            for table, runs in found["blocks"].items()
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None  # never written, or not by us
    link = settings.serving / "parquet"
    folder = link.resolve() if link.is_dir() else None
    digests = {
        table: digest
        for table, (digest, place) in found["parquet"].items()
        if folder is not None and place == _place(parquet_file(folder, table))
    }
    return LastCopy(file, tables, folder, digests, blocks)


def parquet_file(folder: Path, table: str) -> Path:
    """Return where a table lies as Parquet; `table` is ``schema.table``."""
    schema, name = table.split(".", 1)
    return folder / schema / f"{name}.parquet"


def _file(settings: Settings) -> Path:
    return settings.serving / ".copies.json"


def _fingerprint(
    shape: Any, stored: str | None, rows: int, content: str, stamp: str | None
) -> Fingerprint:
    columns = tuple((str(name), str(kind)) for name, kind in shape)
    return Fingerprint(columns, stored, rows, content, stamp)


def _runs(blocks: frozenset[int]) -> list[tuple[int, int]]:
    """Return the first and last number of each run of numbers."""
    found: list[tuple[int, int]] = []
    for number in sorted(blocks):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _place(file: Path) -> list[int]:
    """Return what changes where a file is written to or replaced."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return []
    return [found.st_ino, found.st_size, found.st_mtime_ns]
