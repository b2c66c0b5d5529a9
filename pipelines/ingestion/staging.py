"""One pass over a delivered file: read, map, cast, judge; the result waits in scratch.

Nothing of the home is touched here, so a refused file leaves no trace.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from data_contracts.contract import ExtractContract
from data_contracts.errors import ContractError
from pipelines.ingestion import reading
from pipelines.ingestion.casting import STOOD_IN, literal, name, staging_query
from pipelines.ingestion.engine import (
    copy,
    fault_counts,
    guarded,
    has_rejects,
    rejected_lines,
    unreadable,
)
from pipelines.ingestion.joining import stage_joined
from pipelines.ingestion.lines import write_lines
from pipelines.ingestion.probe import Prepared, prepare
from pipelines.ingestion.sources import Delivery
from pipelines.ingestion.splitting import BLANK, Reject, rejected, split
from pipelines.ingestion.staged import StagedFile, check_share
from pipelines.ingestion.standins import has_many_broken, stand_in


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
        staged = [stage_joined(contract, delivery, delivery.recipe.sql, scratch)]
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
    judged = _judge_stood_in(contract, prepared, texts, scratch, out)
    if judged is None:
        judged = _judge(contract, prepared, texts, scratch, out)
    rejects: tuple[Reject, ...] = ()
    gaps: Sequence[int] = ()
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
    elif judged.has_stand_ins:
        rejects = judged.rejects
    elif judged.rejects:
        rejects = judged.rejects
        gaps = array("q", (one.line for one in rejects))
    elif judged.has_breaks:
        gaps = _blank_lines(prepared.path)
    if prepared.kind == "jsonl" and judged.rows:
        _check_filled(contract, delivery, prepared, out)
    lines = None
    if judged.has_breaks or len(gaps):
        lines = scratch / "lines.parquet"
        write_lines(
            out,
            lines,
            rows=judged.rows,
            first_line=judged.first_line,
            has_breaks=judged.has_breaks,
            gaps=gaps,
        )
    bad = sum(judged.counts.values()) + len(rejects)
    rows = judged.rows + len(rejects)
    check_share(contract, prepared.file, rows, bad, judged.counts)
    return StagedFile(
        file=prepared.file,
        path=out,
        rows=rows,
        bad=bad,
        rejects=rejects,
        first_line=judged.first_line if lines is None else None,
        notes=(*prepared.notes, *reading.new_columns(contract, delivery, prepared)),
        lines=lines,
        is_change=not delivery.is_full,
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    rows: int
    counts: dict[int, int]  # bad rows by fault
    first_line: int
    has_breaks: bool
    rejects: tuple[Reject, ...] = ()
    has_stand_ins: bool = False


def _judge_stood_in(
    contract: ExtractContract,
    prepared: Prepared,
    texts: dict[str, str],
    scratch: Path,
    out: Path,
) -> _Judged | None:
    """Judge a file with many broken lines in one pass; None where it is no such file.

    The rows judged are every record and every stand-in; only the former are counted.
    """
    is_apt = prepared.kind == "csv" and len(prepared.header) > 1
    if not (is_apt and has_many_broken(prepared)):
        return None
    stood = stand_in(prepared, _first_line(prepared), scratch)
    if stood is None:
        return None
    judged = _judge(contract, stood.whole, texts, scratch, out, has_stand_ins=True)
    if judged is None or judged.has_breaks or judged.rejects:
        return None
    if judged.counts.pop(STOOD_IN, 0) != len(stood.rejects):
        return None
    return replace(
        judged,
        rows=judged.rows - len(stood.rejects),
        rejects=stood.rejects,
        has_stand_ins=True,
    )


def _judge(
    contract: ExtractContract,
    prepared: Prepared,
    texts: dict[str, str],
    scratch: Path,
    out: Path,
    *,
    has_stand_ins: bool = False,
) -> _Judged | None:
    """Judge a file's rows in one pass; None where some of its lines are broken."""
    source = reading.relation(prepared)
    shape = reading.shape_fault(prepared, has_stand_ins=has_stand_ins)
    is_csv = prepared.kind == "csv"
    first = _first_line(prepared) if is_csv else 1
    has_breaks = False
    rejects: tuple[Reject, ...] = ()
    with guarded([prepared.path], scratch) as connection:
        try:
            query = staging_query(contract, source, texts, shape=shape)
            rows = copy(connection, query, out)
            if is_csv and has_rejects(connection):
                lines = rejected_lines(connection)
                if rows + len(lines) + first - 1 != prepared.lines:
                    return None  # not every record is a line
                simple = rejected(prepared, lines)
                if simple is None:
                    return None
                rejects = simple
            elif is_csv and rows + first - 1 != prepared.lines:
                # records span lines, or lines are blank: count what is in records
                has_breaks = True
                extra = ("_breaks", reading.breaks_in_record(prepared))
                query = staging_query(contract, source, texts, shape=shape, extra=extra)
                copy(connection, query, out)
                told = connection.execute(
                    f"from read_parquet({literal(str(out))}) "
                    "select coalesce(sum(_breaks + 1), 0)"
                ).fetchone()
                left = prepared.lines - (first - 1) - int(told[0] if told else 0)
                if left != len(_blank_lines(prepared.path)):
                    return None
            counts = fault_counts(connection, out)
        except duckdb.Error as error:
            if is_csv and "CSV" in str(error):
                return None
            raise unreadable(prepared.file, error) from error
    return _Judged(rows, counts, first, has_breaks, rejects)


def _first_line(prepared: Prepared) -> int:
    """Return the line after the header; a header name may hold line breaks."""
    with prepared.path.open("rb") as lines:
        head = lines.readline()
        while head.count(b'"') % 2 and (more := lines.readline()):
            head += more
    return head.rstrip(b"\n").count(b"\n") + 2


def _blank_lines(path: Path) -> Sequence[int]:
    """List a file's blank lines that stand between records."""
    between, is_quoted = array("q"), False
    with path.open("rb") as lines:
        for at, line in enumerate(lines, start=1):
            if line.count(b'"') % 2:
                is_quoted = not is_quoted
            elif not is_quoted and not line.strip(BLANK):
                between.append(at)
    return between


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
