"""The engine files are judged in: DuckDB, shut off from all but those files."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from data_contracts.errors import ContractError
from pipelines.ingestion.casting import MACROS, literal
from pipelines.ingestion.sources import SourceFile

MEMORY = "1GB"  # beyond it DuckDB spills to the scratch folder


@contextmanager
def guarded(inputs: list[Path], scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB that can read these files and write to scratch, and nothing else.

    People's SQL runs here: no network, no other file, no Python variable, no setting.
    """
    with duckdb.connect(":memory:") as connection:
        paths = ", ".join(literal(str(path)) for path in inputs)
        connection.execute(MACROS)
        connection.execute(f"""
            set memory_limit = '{MEMORY}';
            set temp_directory = {literal(str(scratch / "spill"))};
            set timezone = 'UTC';
            set python_enable_replacements = false;
            set enable_progress_bar = false;
            set allowed_paths = [{paths}];
            set allowed_directories = [{literal(str(scratch) + "/")}];
            set enable_external_access = false;
            set lock_configuration = true;
        """)
        yield connection


def copy(connection: duckdb.DuckDBPyConnection, query: str, out: Path) -> int:
    """Write a query's rows to Parquet, in order; return how many."""
    target = literal(str(out))
    written = connection.execute(
        f"copy ({query}) to {target} (format parquet, compression lz4_raw)"
    ).fetchone()
    return int(written[0]) if written else 0


def has_rejects(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether any line read so far could not be split."""
    return (
        connection.execute(
            "from duckdb_tables() select 1 where table_name = 'reject_errors'"
        ).fetchone()
        is not None
        and connection.execute("from reject_errors limit 1").fetchone() is not None
    )


def rejected_lines(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """List the lines that could not be split, rising."""
    found = connection.execute("from reject_errors select distinct line order by line")
    return [int(line) for (line,) in found.fetchall()]


def fault_counts(connection: duckdb.DuckDBPyConnection, out: Path) -> dict[int, int]:
    """Count the bad rows by fault."""
    return dict(
        connection.execute(f"""
            from read_parquet({literal(str(out))})
            select _fault, count(*) where _fault is not null group by _fault
        """).fetchall()
    )


def without_values(error: duckdb.Error) -> str:
    """Say what failed, but no value of a row: everybody may read the load log."""
    about_sql = (
        duckdb.BinderException,
        duckdb.CatalogException,
        duckdb.ParserException,
    )
    if isinstance(error, about_sql):
        return str(error)
    return re.sub(r"""'.*?'|".*?"|\d{3,}""", "…", str(error).splitlines()[0])


def unreadable(file: SourceFile, error: duckdb.Error) -> ContractError:
    """Return the refusal of a file the engine could not read."""
    told = without_values(error).splitlines()[0]
    return ContractError(
        f"{file.shown} cannot be read: {told}",
        fix="export and deliver the file again; this copy is damaged or misformed",
    )
