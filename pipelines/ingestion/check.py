"""Hold one file to its contract without loading it, and say all that is wrong."""

import shlex
import tempfile
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from data_contracts.changes import lenient
from data_contracts.contract import ExtractContract, all_contracts, contract
from data_contracts.errors import AopError, ContractError
from pipelines.ingestion.mapping import Mapping
from pipelines.ingestion.probe import prepare
from pipelines.ingestion.recognising import Candidate, recognise, sure
from pipelines.ingestion.sources import Delivery, SourceFile, deliveries
from pipelines.ingestion.staging import stage
from pipelines.ingestion.versions import comparing
from pipelines.settings import Settings

_EXAMPLES = 3
_ANY_NIGHT = date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule some rows break, how many, and the first of them."""

    rule: str
    column: str | None
    rows: int
    lines: tuple[int | None, ...]
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What landing would make of a file.

    ``unknown_columns`` are in the file but not in the contract; ``absent_columns`` are
    optional columns of the contract the file does not fill.
    """

    file: str
    contract: str
    is_refused: bool
    reason: str | None = None
    fix: str | None = None
    rows: int = 0
    good: int = 0
    quarantined: int = 0
    duplicates: int = 0
    findings: tuple[Finding, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    absent_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return asdict(self)

    def text(self) -> str:
        """Return the report for people, a few lines."""
        lines = [f"{self.file} as {self.contract}"]
        if self.is_refused:
            lines += [f"  refused: {self.reason}", f"  Fix: {self.fix}"]
        if not self.is_refused or self.rows:
            lines.append(
                f"  {self.rows:,} rows: {self.good:,} good, "
                f"{self.quarantined:,} to quarantine, {self.duplicates:,} duplicate"
            )
        for one in self.findings:
            where = ", ".join(str(line) for line in one.lines if line is not None)
            shown = ", ".join(repr(value) for value in one.values if value is not None)
            lines.append(
                f"  {one.rows:,} × {one.column or 'row'}: {one.rule}"
                + (f" on line {where}" if where else "")
                + (f": {shown}" if shown else "")
            )
        if self.unknown_columns:
            lines.append(f"  not in the contract: {', '.join(self.unknown_columns)}")
        if self.absent_columns:
            lines.append(f"  not in the file: {', '.join(self.absent_columns)}")
        lines += [f"  noticed: {note}" for note in self.notes]
        return "\n".join(lines)


def check_file(
    path: Path, settings: Settings, contract_id: str | None = None
) -> FileReport:
    """Judge one file as landing would, and load nothing.

    Parameters
    ----------
    path : Path
        Any delivered file, inside a source folder or not.
    settings : Settings
        Its sources tell the contract and mapping of files they claim.
    contract_id : str, optional
        Contract to hold it to; needed for a file that no source claims, whose folders
        are not named ``<system>/<table>``, and that is like no export we know.

    Returns
    -------
    FileReport
        A refused file is told in the report, not raised.

    Raises
    ------
    ContractError
        If the file does not exist, or nothing tells which contract it is for.
    """
    path = path.resolve()
    if not path.is_file():
        raise ContractError(f"{path} is not a file", fix="name a delivered file")
    chosen, delivery, note = _claimed(path, settings, contract_id)
    with tempfile.TemporaryDirectory(prefix="aop-check-") as name:
        scratch = Path(name)
        try:
            report = _report(chosen, delivery, _folder(scratch, "whole"))
            return replace(report, notes=(*note, *report.notes))
        except ContractError as error:
            refused = FileReport(
                file=delivery.files[0].shown,
                contract=chosen.id,
                is_refused=True,
                reason=error.what,
                fix=error.fix,
                notes=note,
            )
        try:  # mostly bad: say of every row what is wrong with it
            told = _report(lenient(chosen), delivery, _folder(scratch, "each"))
        except ContractError:
            return refused
        fix = "mend the rows below at the source, or the mapping that reads them"
        return replace(
            told, is_refused=True, reason=refused.reason, fix=fix, notes=note
        )


def _folder(scratch: Path, name: str) -> Path:
    folder = scratch / name
    folder.mkdir()
    return folder


def _claimed(
    path: Path, settings: Settings, contract_id: str | None
) -> tuple[ExtractContract, Delivery, tuple[str, ...]]:
    """Find the contract a file is for and how it is read, and say how we know."""
    wanted = [contract(contract_id)] if contract_id else list(all_contracts())
    for one in wanted:
        try:
            known = deliveries(one, _ANY_NIGHT, settings)
        except AopError:
            continue  # a broken source must not keep a single file from being checked
        for delivery in known:
            mine = tuple(f for f in delivery.files if f.path.resolve() == path)
            is_joined = delivery.recipe is not None and delivery.recipe.sql is not None
            if mine:
                files = delivery.files if is_joined else mine
                return one, _only(delivery, files), ()
    folders = "-".join(path.parts[-3:-1]).replace("_", "-")
    placed = [one for one in wanted if one.id == folders]
    if placed:
        return placed[0], _alone(path, placed[0]), ()
    return _recognised(path, wanted, is_told=contract_id is not None)


def _recognised(
    path: Path, wanted: list[ExtractContract], *, is_told: bool
) -> tuple[ExtractContract, Delivery, tuple[str, ...]]:
    """Find out by its columns what a file is that no source and no folder names."""
    ids = {one.id for one in wanted}
    likely = [
        one for one in _candidates(path, may_fail=is_told) if one.contract.id in ids
    ]
    chosen = sure(likely)
    if chosen is None and is_told:
        return wanted[0], _alone(path, wanted[0]), ()
    if chosen is None:
        looks = "; ".join(one.told() for one in likely[:_EXAMPLES])
        guess = likely[0].contract.id if likely else "crm-opportunities"
        raise ContractError(
            f"nothing tells which contract {path.name} is for"
            + (f"; it looks like {looks}" if looks else ""),
            fix=f"name it: --contract {guess}, put the file under "
            "landing/<system>/<table>/, or draft a mapping: "
            f"aop extracts map {shlex.quote(str(path))} --contract {guess}",
        )
    delivery = _alone(path, chosen.contract, chosen.mapping)
    note = f"recognised as {chosen.told()}"
    if chosen.mapping is not None:
        note += f"; to load it name mapping: {chosen.mapping.name} in sources.yaml"
    is_plain = is_told and chosen.mapping is None
    return chosen.contract, delivery, () if is_plain else (note,)


def _candidates(path: Path, *, may_fail: bool) -> list[Candidate]:
    try:
        return recognise(path)
    except ContractError:
        if may_fail:
            return []  # what is wrong with it is told where it is judged
        raise


def _alone(
    path: Path, one: ExtractContract, mapping: Mapping | None = None
) -> Delivery:
    recipe = mapping.contracts[one.id] if mapping else None
    return Delivery(
        contract_id=one.id,
        known_on=_ANY_NIGHT,
        files=(SourceFile(path, path.name, recipe.file if recipe else ""),),
        is_full=True,
        is_dated=False,
        mapping=mapping,
        recipe=recipe,
    )


def _only(delivery: Delivery, files: tuple[SourceFile, ...]) -> Delivery:
    return Delivery(
        contract_id=delivery.contract_id,
        known_on=delivery.known_on,
        files=files,
        is_full=delivery.is_full,
        is_dated=delivery.is_dated,
        mapping=delivery.mapping,
        recipe=delivery.recipe,
    )


def _report(one: ExtractContract, delivery: Delivery, scratch: Path) -> FileReport:
    staged = stage(one, delivery, scratch)
    refused = scratch / "refused.parquet"
    with comparing(one, staged, [], scratch) as comparison:
        comparison.settle(is_full=False)
        counts = comparison.counts()
        comparison.write_quarantine(refused, delivery.known_on)
    unknown, absent = _headers(one, delivery, scratch)
    return FileReport(
        file=staged[0].file.shown,
        contract=one.id,
        is_refused=False,
        rows=sum(file.rows for file in staged),
        good=sum(count.loaded for count in counts),
        quarantined=sum(count.quarantined for count in counts),
        duplicates=sum(count.duplicate for count in counts),
        findings=_findings(refused) if refused.is_file() else (),
        unknown_columns=unknown,
        absent_columns=absent,
        notes=tuple(note for file in staged for note in file.notes),
    )


def _findings(refused: Path) -> tuple[Finding, ...]:
    grouped = (
        pl.read_parquet(refused)
        .group_by("rule", "column_name", maintain_order=True)
        .agg(
            pl.len().alias("rows"),
            pl.col("line").head(_EXAMPLES),
            pl.col("value").head(_EXAMPLES),
        )
        .sort("rows", descending=True, maintain_order=True)
    )
    return tuple(
        Finding(
            rule=row["rule"],
            column=row["column_name"],
            rows=row["rows"],
            lines=tuple(row["line"]),
            values=tuple(row["value"]),
        )
        for row in grouped.to_dicts()
    )


def _headers(
    one: ExtractContract, delivery: Delivery, scratch: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the file's unknown columns and the contract's absent ones."""
    if delivery.recipe is not None:
        return (), ()  # a mapping chooses its columns on purpose
    folder = scratch / "header"
    folder.mkdir()
    header = prepare(delivery.files[0], folder).header
    if not header:  # JSON lines have no header
        return (), ()
    own = [column.name for column in one.columns]
    return (
        tuple(name for name in header if name not in own),
        tuple(name for name in own if name not in header),
    )
