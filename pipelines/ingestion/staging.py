"""One pass over a delivered file: read, map, cast, judge; the result waits in scratch.

Nothing of the home is touched here, so a refused file leaves no trace.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data_contracts.contract import ExtractContract
from data_contracts.errors import ContractError
from pipelines.ingestion import reading
from pipelines.ingestion.casting import faults, literal, name, staging_query
from pipelines.ingestion.probe import Prepared, prepare
from pipelines.ingestion.sources import Delivery, SourceFile
from pipelines.ingestion.splitting import BLANK, Reject, split

MEMORY = "1GB"
_SHOWN_FAULTS = 3


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One file judged row by row; ``path`` is Parquet in the file's order.

    ``rows`` counts every record, ``bad`` those that broke a rule, rejects in both.
    ``first_line`` is the line of the first record, None where rows come from several
    files and carry their own ``_line``. ``has_breaks`` says that records span lines
    and ``_breaks`` in the Parquet counts them. ``gaps`` are lines of the file in no
    record, rejected or blank, rising.
    """

    file: SourceFile
    path: Path
    rows: int
    bad: int
    rejects: tuple[Reject, ...]
    first_line: int | None
    has_breaks: bool
    gaps: tuple[int, ...]
    notes: tuple[str, ...]


@contextmanager
def guarded(inputs: list[Path], scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB that can read these files and write to scratch, and nothing else.

    People's SQL runs here: no network, no other file, no Python variable, no setting.
    """
    with duckdb.connect(":memory:") as connection:
        paths = ", ".join(literal(str(path)) for path in inputs)
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


def stage(
    contract: ExtractContract, delivery: Delivery, scratch: Path
) -> list[StagedFile]:
    """Judge every file of a delivery, in order.

    Parameters
    ----------
    contract : ExtractContract
    delivery : Delivery
    scratch : Path
        Existing, empty folder for what is judged.

    Returns
    -------
    list of StagedFile
        One a file; one in all where SQL joins several files.

    Raises
    ------
    ContractError
        If a file must be refused whole: it cannot be read, is cut short, lacks a
        required column, has no row where one must be, or is mostly bad.
    """
    if delivery.recipe is not None and delivery.recipe.sql is not None:
        staged = [_stage_sql(contract, delivery, delivery.recipe.sql, scratch)]
    else:
        staged = []
        for place, file in enumerate(delivery.files):
            folder = scratch / str(place)
            folder.mkdir()
            prepared = prepare(file, folder)
            staged.append(_stage_file(contract, delivery, prepared, folder))
    if not contract.may_be_empty and not any(one.rows for one in staged):
        raise ContractError(
            f"{delivery.files[0].shown} holds no row, but {contract.id} needs some",
            fix="export it again; if the table is truly empty, remove the file",
        )
    return staged


def _stage_file(
    contract: ExtractContract, delivery: Delivery, prepared: Prepared, scratch: Path
) -> StagedFile:
    out = scratch / "judged.parquet"
    texts = reading.texts(contract, delivery, prepared)
    judged = _judge(contract, prepared, texts, scratch, out)
    rejects: tuple[Reject, ...] = ()
    gaps: tuple[int, ...] = ()
    if judged is None:  # some line is broken: take them out one by one
        whole = split(prepared, scratch)
        rejects, gaps = whole.rejects, whole.gaps
        judged = _judge(contract, whole.whole, texts, scratch, out)
        if judged is None:
            raise ContractError(
                f"{prepared.file.shown} does not split into records: its lines and "
                "its quotes do not add up",
                fix="look for quotes out of balance, then export it again",
            )
    elif judged.has_breaks:
        gaps = _blank_lines(prepared.path)
    if prepared.kind == "jsonl" and judged.rows:
        _check_filled(contract, delivery, prepared, out)
    bad = sum(judged.counts.values()) + len(rejects)
    rows = judged.rows + len(rejects)
    _check_share(contract, prepared.file, rows, bad, judged.counts)
    return StagedFile(
        file=prepared.file,
        path=out,
        rows=rows,
        bad=bad,
        rejects=rejects,
        first_line=judged.first_line,
        has_breaks=judged.has_breaks,
        gaps=gaps,
        notes=prepared.notes,
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    rows: int
    counts: dict[int, int]  # bad rows by fault
    first_line: int
    has_breaks: bool


def _judge(
    contract: ExtractContract,
    prepared: Prepared,
    texts: dict[str, str],
    scratch: Path,
    out: Path,
) -> _Judged | None:
    """Judge a file's rows in one pass; None where some of its lines are broken."""
    source, shape = reading.relation(prepared), reading.shape_fault(prepared)
    is_csv = prepared.kind == "csv"
    first = _first_line(prepared) if is_csv else 1
    has_breaks = False
    with guarded([prepared.path], scratch) as connection:
        try:
            query = staging_query(contract, source, texts, shape=shape)
            rows = _copy(connection, query, out)
            if is_csv and _has_rejects(connection):
                return None
            if is_csv and rows + first - 1 != prepared.lines:
                # records span lines, or lines are blank: count what is in records
                has_breaks = True
                extra = ("_breaks", reading.breaks_in_record(prepared))
                query = staging_query(contract, source, texts, shape=shape, extra=extra)
                _copy(connection, query, out)
                told = connection.execute(
                    f"from read_parquet({literal(str(out))}) "
                    "select coalesce(sum(_breaks + 1), 0)"
                ).fetchone()
                left = prepared.lines - (first - 1) - int(told[0] if told else 0)
                if left != len(_blank_lines(prepared.path)):
                    return None
            counts = _faults(connection, out)
        except duckdb.Error as error:
            if is_csv and "CSV" in str(error):
                return None
            raise _unreadable(prepared.file, error) from error
    return _Judged(rows, counts, first, has_breaks)


def _stage_sql(
    contract: ExtractContract, delivery: Delivery, sql: str, scratch: Path
) -> StagedFile:
    if delivery.recipe is None or delivery.mapping is None:
        raise ValueError("delivery has no mapping, so there is no sql to run")
    prepared: dict[str, list[Prepared]] = {}
    for place, file in enumerate(delivery.files):
        folder = scratch / f"in-{place}"
        folder.mkdir()
        prepared.setdefault(file.name, []).append(prepare(file, folder))
    leading = prepared[delivery.recipe.file][0].file
    out = scratch / "judged.parquet"
    paths = [one.path for some in prepared.values() for one in some]
    with guarded(paths, scratch) as connection:
        for table, parts in prepared.items():
            _load_table(connection, table, parts, delivery.mapping.nulls, scratch)
        query = sql.strip().rstrip(";")
        try:
            statements = connection.extract_statements(query)
            if len(statements) != 1 or statements[0].type.name != "SELECT":
                raise ContractError(
                    f"the mapping's sql for {contract.id} is not one select",
                    fix=f"mend it in the mapping {delivery.mapping.name}",
                )
            given = connection.execute(f"describe {query}").fetchall()
        except duckdb.Error as error:
            raise ContractError(
                f"the mapping's sql for {contract.id} fails: {error}",
                fix=f"mend it in the mapping {delivery.mapping.name}, or the headers "
                f"of {leading.shown}",
            ) from error
        columns = {row[0] for row in given}
        texts = {
            one.name: f"cast({name(one.name)} as varchar)"
            for one in contract.columns
            if one.name in columns
        }
        for column in contract.columns:
            if column.required and column.name not in columns:
                raise ContractError(
                    f"the mapping's sql leaves out {column.name}, which "
                    f"{contract.id} needs",
                    fix=f"select it in the mapping {delivery.mapping.name}",
                )
        line = "cast(_line as bigint)" if "_line" in columns else "cast(null as bigint)"
        try:
            staged = staging_query(contract, f"({query})", texts, extra=("_line", line))
            rows = _copy(connection, staged, out)
            counts = _faults(connection, out)
        except duckdb.Error as error:
            raise ContractError(
                f"the mapping's sql for {contract.id} fails: {error}",
                fix=f"mend it in the mapping {delivery.mapping.name}",
            ) from error
    bad = sum(counts.values())
    _check_share(contract, leading, rows, bad, counts)
    return StagedFile(
        file=leading,
        path=out,
        rows=rows,
        bad=bad,
        rejects=(),
        first_line=None,
        has_breaks=False,
        gaps=(),
        notes=(),
    )


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
            raise _unreadable(file, error) from error
        if part.kind == "csv" and _has_rejects(connection):
            broken = split(part, scratch).rejects
            told = f"line {broken[0].line}: {broken[0].reason}" if broken else "a line"
            raise ContractError(
                f"{file.shown} does not split into its {len(part.header)} columns: "
                f"{told}",
                fix="export it again; a file that a mapping joins must be whole",
            )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, out: Path) -> int:
    """Write a query's rows to Parquet, in order; return how many."""
    target = literal(str(out))
    written = connection.execute(
        f"copy ({query}) to {target} (format parquet, compression lz4_raw)"
    ).fetchone()
    return int(written[0]) if written else 0


def _has_rejects(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether any line read so far could not be split."""
    return (
        connection.execute(
            "from duckdb_tables() select 1 where table_name = 'reject_errors'"
        ).fetchone()
        is not None
        and connection.execute("from reject_errors limit 1").fetchone() is not None
    )


def _faults(connection: duckdb.DuckDBPyConnection, out: Path) -> dict[int, int]:
    """Count the bad rows by fault."""
    return dict(
        connection.execute(f"""
            from read_parquet({literal(str(out))})
            select _fault, count(*) where _fault is not null group by _fault
        """).fetchall()
    )


def _first_line(prepared: Prepared) -> int:
    """Return the line after the header; a header name may hold line breaks."""
    with prepared.path.open("rb") as lines:
        head = lines.readline()
        while head.count(b'"') % 2 and (more := lines.readline()):
            head += more
    return head.rstrip(b"\n").count(b"\n") + 2


def _blank_lines(path: Path) -> tuple[int, ...]:
    """List a file's blank lines that stand between records."""
    between, is_quoted = [], False
    with path.open("rb") as lines:
        for at, line in enumerate(lines, start=1):
            if line.count(b'"') % 2:
                is_quoted = not is_quoted
            elif not is_quoted and not line.strip(BLANK):
                between.append(at)
    return tuple(between)


def _check_filled(
    contract: ExtractContract, delivery: Delivery, prepared: Prepared, out: Path
) -> None:
    """Refuse JSON lines in which no object has a required key at all."""
    required = [one.name for one in contract.columns if one.required]
    held = ", ".join(f"count({name(one)}) > 0" for one in required)
    with guarded([out], out.parent) as connection:
        row = connection.execute(
            f"from read_parquet({literal(str(out))}) select {held}, count(_value) > 0"
        ).fetchone()
    if row is None or row[-1]:
        return
    chosen = reading.recipes(contract, delivery)
    for column, is_held in zip(required, row[:-1], strict=True):
        if not is_held and chosen[column].headers:
            raise reading.missing_column(contract, prepared, chosen[column].headers[0])


def _check_share(
    contract: ExtractContract,
    file: SourceFile,
    rows: int,
    bad: int,
    counts: dict[int, int],
) -> None:
    """Refuse a file most of whose rows are bad: it is the wrong file, or misread."""
    if bad <= contract.refusal_share * rows:
        return
    every = faults(contract)
    worst = sorted(counts.items(), key=lambda item: -item[1])[:_SHOWN_FAULTS]
    told = "; ".join(
        f"{count:,} × {every[place].column or 'row'}: {every[place].rule}"
        for place, count in worst
        if place >= 0
    )
    raise ContractError(
        f"{file.shown}: {bad:,} of {rows:,} rows break {contract.id}"
        + (f" ({told})" if told else ""),
        fix=f"see each row: aop extracts check {file.path}",
    )


def _unreadable(file: SourceFile, error: duckdb.Error) -> ContractError:
    told = str(error).splitlines()[0]
    return ContractError(
        f"{file.shown} cannot be read: {told}",
        fix="export and deliver the file again; this copy is damaged or misformed",
    )
