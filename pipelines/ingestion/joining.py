"""Stage one contract from several files joined by a mapping's SQL.

The files become tables of text in a shut-off engine; the SQL may only select from them.
"""

from pathlib import Path

import duckdb

from data_contracts.contract import ExtractContract
from data_contracts.errors import ContractError
from pipelines.ingestion import reading
from pipelines.ingestion.casting import name, staging_query
from pipelines.ingestion.engine import (
    copy,
    fault_counts,
    guarded,
    has_rejects,
    unreadable,
    without_values,
)
from pipelines.ingestion.probe import Prepared, prepare
from pipelines.ingestion.sources import Delivery
from pipelines.ingestion.splitting import split
from pipelines.ingestion.staged import StagedFile, check_share


def stage_joined(
    contract: ExtractContract, delivery: Delivery, sql: str, scratch: Path
) -> StagedFile:
    """Judge the rows a mapping's SQL makes of a delivery's files.

    Parameters
    ----------
    contract : ExtractContract
    delivery : Delivery
        With a mapping; its files are the SQL's tables, by their mapping names.
    sql : str
        One select; its columns are the contract's, and ``_line`` if it likes.
    scratch : Path
        Existing, empty folder for what is judged.

    Raises
    ------
    ContractError
        If a file cannot be read whole, the SQL fails or is no select, or it leaves out
        a required column.
    """
    if delivery.recipe is None or delivery.mapping is None:
        raise ValueError("delivery has no mapping, so there is no sql to run")
    prepared: dict[str, list[Prepared]] = {}
    for place, file in enumerate(delivery.files):
        folder = scratch / f"in-{place}"
        folder.mkdir()
        prepared.setdefault(file.name, []).append(prepare(file, folder))
    leading = prepared[delivery.recipe.file][0].file
    query = sql.strip().rstrip(";")
    out = scratch / "judged.parquet"
    paths = [one.path for some in prepared.values() for one in some]
    with guarded(paths, scratch) as connection:
        for table, parts in prepared.items():
            _load_table(connection, table, parts, delivery.mapping.nulls, scratch)
        for table in delivery.mapping.files.keys() - prepared.keys():
            # a file that was not delivered has no rows, and SQL may say so
            connection.execute(f"create table {name(table)} (_line bigint)")
        for table, headers in delivery.recipe.optional.items():
            for header in headers:
                connection.execute(
                    f"alter table {name(table)} "
                    f"add column if not exists {name(header)} varchar"
                )
        try:
            columns = _columns(connection, contract, query)
            texts = {
                one.name: f"cast({name(one.name)} as varchar)"
                for one in contract.columns
                if one.name in columns
            }
            line = "_line" if "_line" in columns else "null"
            extra = ("_line", f"cast({line} as bigint)")
            staged = staging_query(contract, f"({query})", texts, extra=extra)
            rows = copy(connection, staged, out)
            counts = fault_counts(connection, out)
        except duckdb.Error as error:
            raise ContractError(
                f"the mapping's sql for {contract.id} fails: {without_values(error)}",
                fix=f"mend it in the mapping {delivery.mapping.name}, or the headers "
                f"of {leading.shown}",
            ) from error
    bad = sum(counts.values())
    check_share(contract, leading, rows, bad, counts)
    return StagedFile(
        file=leading,
        path=out,
        rows=rows,
        bad=bad,
        rejects=(),
        first_line=None,
        notes=(),
        is_change=not delivery.is_full,
    )


def _columns(
    connection: duckdb.DuckDBPyConnection, contract: ExtractContract, query: str
) -> set[str]:
    """Return what a select gives, having checked that it is one and gives enough."""
    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type.name != "SELECT":
        raise ContractError(
            f"the mapping's sql for {contract.id} is not one select",
            fix="mend it in the mapping",
        )
    columns = {row[0] for row in connection.execute(f"describe {query}").fetchall()}
    for column in contract.columns:
        if column.required and column.name not in columns:
            raise ContractError(
                f"the mapping's sql leaves out {column.name}, which {contract.id} "
                "needs",
                fix="select it in the mapping",
            )
    return columns


def _load_table(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    parts: list[Prepared],
    nulls: tuple[str, ...],
    scratch: Path,
) -> None:
    """Make one table of all files under a mapping name, with each row's line."""
    for place, part in enumerate(parts):
        file = part.file
        before = 1 if part.kind == "csv" else 0  # the header line
        into = (
            f"create table {name(table)} as"
            if not place
            else (f"insert into {name(table)} by name")
        )
        try:
            connection.execute(
                f"{into} from ({reading.table_of(part, nulls)}) "
                f"select *, row_number() over () + {before} as _line"
            )
        except duckdb.Error as error:
            raise unreadable(file, error) from error
        if part.kind == "jsonl":
            _refuse_half_objects(connection, table, file.shown)
        if part.kind == "csv" and has_rejects(connection):
            broken = split(part, scratch).rejects
            told = f"line {broken[0].line}: {broken[0].reason}" if broken else "a line"
            raise ContractError(
                f"{file.shown} does not split into its {len(part.header)} columns: "
                f"{told}",
                fix="export it again; a file that a mapping joins must be whole",
            )


def _refuse_half_objects(
    connection: duckdb.DuckDBPyConnection, table: str, shown: str
) -> None:
    """Refuse JSON lines of which one is no object: SQL would drop it unseen."""
    broken = connection.execute(
        f"from {name(table)} select min(_line) where json is null"
    ).fetchone()
    if broken and broken[0] is not None:
        raise ContractError(
            f"{shown} holds no JSON object on line {broken[0]}",
            fix="export it again; a file that a mapping joins must be whole",
        )
