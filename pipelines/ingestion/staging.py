"""One pass over a delivered file: read, map, cast, judge; the result waits in scratch.

Nothing of the home is touched here, so a refused file leaves no trace.
"""

import json
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

MEMORY = "1GB"
_SHOWN_FAULTS = 3
_CHUNK = 1 << 22
_LONGEST_REJECT = 10_000  # characters of a broken line kept in quarantine


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that does not split into the columns of its header."""

    line: int
    lines: int
    text: str
    reason: str

    @property
    def json(self) -> str:
        """The line as it stands in quarantine, the whole delivered row."""
        return json.dumps({"line": self.text}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One file judged row by row; ``path`` is Parquet in the file's order.

    ``rows`` counts every record, ``bad`` those that broke a rule, rejects in both.
    ``first_line`` is the line of the first record, None where rows come from several
    files and carry their own ``_line``. ``has_breaks`` says that records span lines
    and ``_breaks`` in the Parquet counts them. ``gaps`` are lines that are no rows,
    rejected or blank: where each starts and how many lines it takes, rising.
    """

    file: SourceFile
    path: Path
    rows: int
    bad: int
    rejects: tuple[Reject, ...]
    first_line: int | None
    has_breaks: bool
    gaps: tuple[tuple[int, int], ...]
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
    texts = reading.texts(contract, delivery, prepared)
    source, shape = reading.relation(prepared), reading.shape_fault(prepared)
    out = scratch / "judged.parquet"
    with guarded([prepared.path], scratch) as connection:
        try:
            query = staging_query(contract, source, texts, shape=shape)
            rows = _copy(connection, query, out)
            rejects = _rejects(connection, prepared)
            has_breaks = (
                prepared.kind == "csv"
                and rows + sum(one.lines for one in rejects) + 1 != prepared.lines
            )
            if has_breaks:  # records span lines, or lines are blank: look closer
                extra = ("_breaks", reading.breaks_in_record(prepared))
                query = staging_query(contract, source, texts, shape=shape, extra=extra)
                rows = _copy(connection, query, out)
            counts = _faults(connection, out)
            first, gaps = _place_lines(
                connection, prepared, out, rejects, has_breaks=has_breaks
            )
        except duckdb.Error as error:
            raise _unreadable(prepared.file, error) from error
        if prepared.kind == "jsonl" and rows:
            _check_filled(connection, contract, delivery, prepared, out)
    bad = sum(counts.values()) + len(rejects)
    _check_share(contract, prepared.file, rows + len(rejects), bad, counts)
    return StagedFile(
        file=prepared.file,
        path=out,
        rows=rows + len(rejects),
        bad=bad,
        rejects=rejects,
        first_line=first,
        has_breaks=has_breaks,
        gaps=gaps,
        notes=prepared.notes,
    )


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
            _load_table(connection, table, parts, delivery.mapping.nulls)
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
) -> None:
    """Make one table of all files under a mapping name, with each row's line."""
    for place, part in enumerate(parts):
        file = part.file
        into = (
            f"create table {name(table)} as"
            if not place
            else (f"insert into {name(table)} by name")
        )
        try:
            connection.execute(
                f"{into} from ({reading.table_of(part, nulls)}) "
                "select *, row_number() over () + 1 as _line"
            )
            rejects = _rejects(connection, part)
        except duckdb.Error as error:
            raise _unreadable(file, error) from error
        if rejects:
            raise ContractError(
                f"{file.shown} line {rejects[0].line} does not split into its "
                f"{len(part.header)} columns: {rejects[0].text[:80]!r}",
                fix="export it again; a file that a mapping joins must be whole",
            )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, out: Path) -> int:
    """Write a query's rows to Parquet, in order; return how many."""
    target = literal(str(out))
    written = connection.execute(
        f"copy ({query}) to {target} (format parquet, compression lz4_raw)"
    ).fetchone()
    return int(written[0]) if written else 0


def _rejects(
    connection: duckdb.DuckDBPyConnection, prepared: Prepared
) -> tuple[Reject, ...]:
    """Return the lines the last read could not split, or refuse a file cut short."""
    if prepared.kind != "csv":
        return ()
    found = connection.execute("""
        from reject_errors
        select line, line_byte_position, any_value(csv_line), first(error_message)
        where scan_id = (from reject_errors select max(scan_id))
        group by line, line_byte_position
        order by line_byte_position
    """).fetchall()
    lines = _lines_at(prepared.path, [position - 1 for _, position, _, _ in found])
    rejects = []
    for line, (_, position, text, message) in zip(lines, found, strict=True):
        bare = (text or "").lstrip("\r\n")
        skipped = (text or "")[: len(text or "") - len(bare)].count("\n")
        end = position - 1 + len((text or "").encode("utf-8"))
        if end >= prepared.size - 2:  # nothing but a line end is left
            raise ContractError(
                f"{prepared.file.shown} is cut short: line {line + skipped} ends in "
                f"{bare[-60:]!r} before its {len(prepared.header)} columns are there",
                fix="export and deliver the file again",
            )
        reason = str(message).splitlines()[0]
        count = bare.rstrip("\r\n").count("\n") + 1
        rejects.append(Reject(line + skipped, count, bare[:_LONGEST_REJECT], reason))
    return tuple(rejects)


def _lines_at(path: Path, positions: list[int]) -> list[int]:
    """Return the physical line that holds each byte; positions rise."""
    lines, line, read = [], 1, 0
    with path.open("rb") as stream:
        for position in positions:
            while read < position:
                chunk = stream.read(min(_CHUNK, position - read))
                if not chunk:
                    break
                line += chunk.count(b"\n")
                read += len(chunk)
            lines.append(line)
    return lines


def _faults(connection: duckdb.DuckDBPyConnection, out: Path) -> dict[int, int]:
    """Count the bad rows by fault."""
    return dict(
        connection.execute(f"""
            from read_parquet({literal(str(out))})
            select _fault, count(*) where _fault is not null group by _fault
        """).fetchall()
    )


def _place_lines(
    connection: duckdb.DuckDBPyConnection,
    prepared: Prepared,
    out: Path,
    rejects: tuple[Reject, ...],
    *,
    has_breaks: bool,
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Return the first record's line and the lines that are no rows.

    Raises
    ------
    ContractError
        If some lines are neither rows, nor rejected, nor blank: rows were lost.
    """
    if prepared.kind != "csv":
        return 1, ()
    with prepared.path.open(encoding="utf-8", errors="replace", newline="\n") as text:
        head = text.readline()
        while head.count('"') % 2 and (more := text.readline()):
            head += more  # a header name may hold a line break
    first = head.rstrip("\n").count("\n") + 2
    gaps = [(one.line, one.lines) for one in rejects]
    if has_breaks:
        told = connection.execute(
            f"from read_parquet({literal(str(out))}) "
            "select coalesce(sum(_breaks + 1), 0)"
        ).fetchone()
        counted = first - 1 + int(told[0] if told else 0)
        left = prepared.lines - counted - sum(one.lines for one in rejects)
        with prepared.path.open("rb") as lines:
            blank = [at for at, line in enumerate(lines, start=1) if not line.strip()]
        if not 0 <= left <= len(blank):
            raise ContractError(
                f"{prepared.file.shown} does not split into records: {left:,} of its "
                f"{prepared.lines:,} lines are in none",
                fix="look for quotes out of balance, then export it again",
            )
        if left == len(blank):  # else some blank lines stand inside values
            gaps += [(at, 1) for at in blank]
    return first, tuple(sorted(gaps))


def _check_filled(
    connection: duckdb.DuckDBPyConnection,
    contract: ExtractContract,
    delivery: Delivery,
    prepared: Prepared,
    out: Path,
) -> None:
    """Refuse JSON lines in which no object has a required key at all."""
    required = [one.name for one in contract.columns if one.required]
    held = ", ".join(f"count({name(one)}) > 0" for one in required)
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
