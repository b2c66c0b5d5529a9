"""Write the tables of a publication as Parquet beside it; link what did not change."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipelines.files import digest
from pipelines.publication.fingerprints import text
from pipelines.publication.last_copy import LastCopy, parquet_file
from pipelines.publication.writing import NIGHT, Table


def write_parquet(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    folder: Path,
    *,
    last: LastCopy | None,
) -> dict[str, str]:
    """Write the tables of the file attached as Parquet.

    Parameters
    ----------
    folder : Path
        Gets ``<schema>/<table>.parquet`` for each.
    last : LastCopy, optional
        Parquet of what is in it with the same rows is linked.

    Returns
    -------
    dict of ``schema.table`` to str
        SHA-256 of each file. The same rows are the same bytes.
    """
    found = {}
    named = {table.name: (table.sql, table.fingerprint) for table in tables}
    for name, (sql, fingerprint) in [*named.items(), (NIGHT, (NIGHT, None))]:
        file = parquet_file(folder, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        if (
            last
            and last.parquet
            and name in last.digests
            and fingerprint
            and fingerprint.is_same(last.tables.get(name))
        ):
            _link(parquet_file(last.parquet, name), file)
            found[name] = last.digests[name]
            continue
        connection.execute(
            f"copy {sql} to {text(file)} (format parquet, compression zstd)"
        )
        found[name] = digest(file)
    return found


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # a file system without second names
        shutil.copy2(source, target)
