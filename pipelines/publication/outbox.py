"""Load files that bring a published plan into CRM, compensation and HR systems.

Only the difference to what is live is written, so loading twice is loading once;
nothing is sent from here. ``outbox/live/`` holds exports of the CRM's own records,
which a person or a connector saves before a cutover and again after it.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from data_contracts.errors import LedgerError
from data_contracts.handover import Handover
from data_contracts.policy import load_policy
from pipelines.files import write_parquet, write_text
from pipelines.ledger.budget import budget_lines
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.store import Ledger
from pipelines.publication.checklist import checklist
from pipelines.publication.crm_diff import (
    Change,
    after_loading,
    amount,
    before_loading,
    changes,
)
from pipelines.publication.crm_state import (
    SCHEMAS,
    CrmState,
    live_state,
    wanted_state,
)
from pipelines.publication.crm_target import CrmTarget, read_target
from pipelines.publication.open_work import open_work
from pipelines.settings import Settings

_TERRITORY_OBJECTS: Final = (
    "Territory2",
    "UserTerritory2Association",
    "ObjectTerritory2Association",
)


@dataclass(frozen=True, slots=True)
class Outbox:
    """What a cutover would load, and where the files are."""

    version: int
    day: date
    folder: Path
    counts: dict[str, int]  # records by file, in loading order
    waiting: dict[str, int]  # records that need an id the CRM has not given yet
    notes: tuple[str, ...]  # what is left out, and why
    is_written: bool

    @property
    def is_empty(self) -> bool:
        """True where the CRM already holds the plan."""
        return not any(self.counts.values()) and not any(self.waiting.values())


def write_outbox(
    settings: Settings, version: int, *, day: date | None = None, dry_run: bool = False
) -> Outbox:
    """Write ``outbox/<version>/``: load files, reverse set, checklist, manifest.

    Parameters
    ----------
    version : int
        Plan version; must govern `day` unless this is a dry run.
    day : date, optional
        Day of the cutover; the version's first day by default.
    dry_run : bool, default False
        Count only; write nothing.

    Returns
    -------
    Outbox
        ``crm/`` holds Bulk API 2.0 CSV files in loading order, ``reverse/`` those
        that undo them, ``compensation/quotas.csv``, ``hr/requisitions.csv``
        and ``finance/budget.csv`` the
        version's own, ``handover/opportunities.csv`` who owns the open deals of moved
        accounts from when to when. The same ledger and exports give the same bytes.

    Raises
    ------
    LedgerError
        If the version is unknown or does not govern the day.
    HomeError
        If ``outbox.yaml`` or an export cannot be read.
    """
    ledger = Ledger(settings.ledger_url)
    plan = ledger.get(version)
    cutover = day or plan.effective_from
    if not dry_run:
        _refuse_unless_in_force(ledger, plan, cutover)
    content = ledger.content(version)
    target = read_target(settings.home)
    names, owners = _serving_facts(settings)
    left_out = set(target.gaps)
    if "Territory2" in left_out:
        left_out.update(_TERRITORY_OBJECTS)
    wanted = wanted_state(content, day=cutover, names=names)
    live, notes = _live(settings, owners, left_out)
    ours = _quota_owners(ledger, plan)
    forward = changes(wanted, live, target, since=cutover, may_delete_quotas_of=ours)
    loaded = after_loading(wanted, live, since=cutover, ours=ours)
    folder = settings.outbox / str(version)
    before = before_loading(_kept(folder / "before"), wanted, live)
    reverse = changes(before, loaded, target, since=cutover, may_delete_quotas_of=ours)
    forward, reverse = (
        [each for each in made if each.crm_object not in left_out]
        for made in (forward, reverse)
    )
    handed, unknown = open_work(
        settings, ledger, plan, content, _rule(settings), day=cutover
    )
    outbox = Outbox(
        version=version,
        day=cutover,
        folder=folder,
        counts={each.file_name: each.records.height for each in forward},
        waiting={each.file_name: each.waiting for each in forward if each.waiting},
        notes=(*notes, *_gaps(wanted, live, target), *unknown),
        is_written=not dry_run,
    )
    if not dry_run:
        files = _crm_files("crm", forward)
        files |= _crm_files("reverse", _undoing(reverse))
        files |= _own_files(content, cutover)
        files["handover/opportunities.csv"] = handed.write_csv()
        files["checklist.md"] = checklist(plan, outbox, target, reverse)
        files["manifest.json"] = _manifest(plan, outbox, files)
        _replace_folder(folder, files, before)
    return outbox


def _rule(settings: Settings) -> Handover:
    """Return what the policy says of open work; its defaults where there is none."""
    if not settings.policy_file.is_file():
        return Handover()
    return load_policy(settings.policy_file).handover


def _refuse_unless_in_force(ledger: Ledger, plan: PlanVersion, day: date) -> None:
    governing = ledger.in_force(day)
    if governing is None or governing.version != plan.version:
        who = f"version {governing.version} does" if governing else "no version does"
        raise LedgerError(
            f"plan version {plan.version} ({plan.state}) does not govern {day}; {who}",
            fix="publish it first, choose a day it governs, or look with --dry-run",
        )


def _serving_facts(settings: Settings) -> tuple[dict[str, str], pl.DataFrame]:
    """Return names of reps and owners of accounts; nothing before a publication."""
    if not settings.serving_copy.is_file():
        return {}, pl.DataFrame(
            schema={"account_id": pl.String(), "owner_id": pl.String()}
        )
    with duckdb.connect(settings.serving_copy, read_only=True) as connection:
        names = connection.execute(
            "select rep_id, name from core.dim_rep where name is not null"
        ).fetchall()
        owners = connection.execute(
            "select account_id, owner_rep_id as owner_id from core.dim_account"
        ).pl()
    return {str(rep): str(name) for rep, name in names}, owners


def _live(
    settings: Settings, owners: pl.DataFrame, left_out: set[str]
) -> tuple[CrmState, list[str]]:
    folder = settings.outbox / "live"
    live = live_state(folder)
    notes = [
        f"live/{name}.csv is missing, so the CRM is taken to hold none of ours"
        for name in live.frames
        if name not in {"Account", *left_out} and not (folder / f"{name}.csv").is_file()
    ]
    if not (folder / "Account.csv").is_file():
        notes.insert(0, "live/Account.csv is missing; owners are those of the extract")
        frames = dict(live.frames)
        frames["Account"] = owners.select(pl.all().cast(pl.String)).sort("account_id")
        live = CrmState(frames)
    return live, notes


def _gaps(wanted: CrmState, live: CrmState, target: CrmTarget) -> list[str]:
    notes = [
        f"{crm_object} is left out: {keys} is empty in outbox.yaml"
        for crm_object, keys in target.gaps.items()
    ]
    unknown = wanted["Account"].join(live["Account"], on="account_id", how="anti")
    if unknown.height:
        notes.append(
            f"{unknown.height} accounts of the plan are unknown to the CRM, e.g. "
            f"{unknown['account_id'][0]}"
        )
    return notes


def _quota_owners(ledger: Ledger, plan: PlanVersion) -> frozenset[str]:
    """Return whose quotas the ledger ever set: this version's and those before it."""
    told = {
        each.version
        for each in ledger.versions()
        if each.was_published and each.version < plan.version
    }
    return frozenset(
        rep
        for version in sorted(told | {plan.version})
        for rep in ledger.lines(version, "quota").get_column("rep_id").unique()
    )


def _crm_files(folder: str, made: list[Change]) -> dict[str, str]:
    return {
        f"{folder}/{place:02d}-{each.file_name}": each.records.write_csv()
        for place, each in enumerate(made, start=1)
    }


def _undoing(reverse: list[Change]) -> list[Change]:
    """Put deletions last and take back quotas and owners first."""
    rank = {"Account": 0, "ForecastingQuota": 1}
    return sorted(reverse, key=lambda each: rank.get(each.crm_object, 2))


def _own_files(content: dict[str, pl.DataFrame], day: date) -> dict[str, str]:
    first_month = day.replace(day=1)
    quotas = content["quota"].filter(pl.col("month_start") >= first_month)
    hires = content["hire"].filter(
        pl.col("month_start") >= first_month, pl.col("hires_count") > 0
    )
    budget = budget_lines(content).filter(pl.col("month_start") >= first_month)
    return {
        "finance/budget.csv": budget.select(
            "month_start", "segment_id", "item", amount("cost_cents").alias("cost")
        ).write_csv(),
        "compensation/quotas.csv": quotas.select(
            "rep_id",
            "segment_id",
            "region_id",
            pl.col("month_start").alias("period_start"),
            pl.col("month_start").dt.month_end().alias("period_end"),
            amount("quota_cents").alias("quota"),
        ).write_csv(),
        "hr/requisitions.csv": hires.select(
            "segment_id",
            "role",
            pl.col("month_start").alias("target_start_on"),
            pl.col("hires_count").alias("openings"),
            "reason",
        ).write_csv(),
    }


def _manifest(plan: PlanVersion, outbox: Outbox, files: dict[str, str]) -> str:
    manifest = {
        "version": plan.version,
        "content_hash": plan.content_hash,
        "day": outbox.day.isoformat(),
        "counts": outbox.counts,
        "waiting": outbox.waiting,
        "notes": list(outbox.notes),
        "sha256": {
            name: hashlib.sha256(text.encode()).hexdigest()
            for name, text in sorted(files.items())
        },
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"


def _kept(folder: Path) -> CrmState | None:
    if not folder.is_dir():
        return None
    return CrmState(
        {name: pl.read_parquet(folder / f"{name}.parquet") for name in SCHEMAS}
    )


def _replace_folder(folder: Path, files: dict[str, str], before: CrmState) -> None:
    """Write all files aside, then give them the folder's name: all or none."""
    made, old = (folder.with_name(f".{folder.name}.{end}") for end in ("new", "old"))
    for left in (made, old):
        shutil.rmtree(left, ignore_errors=True)  # of a run that was stopped
    for name, text in files.items():
        write_text(text, made / name)
    for name, frame in before.frames.items():
        write_parquet(frame, made / "before" / f"{name}.parquet")
    if folder.is_dir():
        folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
