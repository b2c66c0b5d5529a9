"""The whole loop on the demo company, from extracts to a re-plan, in one go."""

import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from data_contracts.errors import HomeError
from data_contracts.money import show
from pipelines.demo.company import (
    DemoDates,
    Order,
    Style,
    demo_dates,
    make_company,
    order_company,
)
from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.store import Ledger
from pipelines.serving.cli.refresh import run_night, told
from pipelines.serving.comparing import differences, moves, summary
from pipelines.serving.home import make_home
from pipelines.serving.orchestrator import RefreshReport
from pipelines.serving.staleness import note_over_stale
from pipelines.settings import Settings

PLANNER = "planner@demo.example"
"""Who decides in the demo; the nights propose, so the planner may approve."""


def deliver(settings: Settings, order: Order) -> int:
    """Write the company's extracts up to a night; return how many rows.

    A home that is not there yet is made to read the files of the order's style.

    Raises
    ------
    HomeError
        If the home's sources read other files than the order's style delivers.
    """
    if not settings.policy_file.is_file():
        make_home(settings, policy="demo", sources=order.style.sources)
    elif _read(settings.sources_file) != yaml.safe_load(order.style.sources):
        raise HomeError(
            f"{settings.sources_file} reads other files than this style delivers",
            fix="choose another --home, or the --layout and --delivery it was made for",
        )
    written = make_company(order, settings.landing, settings.home / "truth")
    return sum(sum(rows.values()) for rows in written.values())


def _read(sources: Path) -> Any:
    """Read sources.yaml; a home without one reads its landing by contract."""
    if not sources.is_file():
        return yaml.safe_load(Style().sources)
    return yaml.safe_load(sources.read_text(encoding="utf-8"))


def play(settings: Settings, order: Order) -> None:
    """Make the company, plan and publish its year, let it drift, plan again.

    Parameters
    ----------
    settings : Settings
        Home to make.
    order : Order
        The company; its nights are taken from the story.

    Raises
    ------
    HomeError
        If there is a home already; the demo never touches somebody's plan.
    """
    started = time.monotonic()
    days = demo_dates(size=order.size, first_day=order.first_day)
    make_home(settings, policy="demo", sources=order.style.sources)
    _tell(1, f"the company's extracts up to {days.first_night}")
    rows = deliver(settings, _up_to(order, days.first_night))
    _tell(2, f"night {days.first_night}: load, forecast, propose the first plan")
    first = run_night(settings, days.first_night)
    plan = _decide(settings, first.proposals[0])
    _tell(4, f"extracts up to {days.after_leaver_night}; a rep left {days.left_on}")
    rows += deliver(settings, _up_to(order, days.after_leaver_night))
    _tell(5, f"night {days.after_leaver_night}: hold the plan against what happened")
    later = run_night(settings, days.after_leaver_night)
    print(told(later), file=sys.stderr)
    print("\n".join(_lines(settings, rows, days, plan, later, started)))


def _up_to(order: Order, night: date) -> Order:
    return order_company(
        size=order.size, seed=order.seed, first_day=order.first_day, as_of=night,
        scenario=order.scenario, style=order.style,
    )  # fmt: skip


def _decide(settings: Settings, version: int) -> PlanVersion:
    _tell(3, f"{PLANNER} approves and publishes version {version}")
    ledger = Ledger(settings.ledger_url)
    ledger.approve(version, PLANNER, "the demo's first plan")
    note = note_over_stale(settings, "", "")
    return ledger.publish(version, PLANNER, note)  # the next night shows it everywhere


def _lines(
    settings: Settings,
    rows: int,
    days: DemoDates,
    plan: PlanVersion,
    later: RefreshReport,
    started: float,
) -> list[str]:
    """Say in ten lines what was made and where to look."""
    ledger = LedgerReader(settings.ledger_url)
    content = ledger.content(plan.version)
    totals = {one["component"]: one["total_cents"] for one in summary(content)}
    reps = content["quota"]["rep_id"].n_unique()
    newest = later.proposals[0] if later.proposals else plan.version
    changed = ledger.content(newest)
    moved = len(moves(changed)) if later.proposals else 0
    parts = len(differences(content, changed))
    return [
        f"made     {settings.home} with {rows:,} rows of extracts "
        f"in {time.monotonic() - started:.0f} s",
        f"planned  version {plan.version} for {plan.effective_from} to "
        f"{plan.effective_to}: bookings of {show(totals['target'])}",
        f"         {reps} quotas of {show(totals['quota'])} in all, "
        f"{content['assignment'].height} accounts owned",
        f"decided  proposed by {plan.proposed_by}, approved and published by {PLANNER}",
        f"drifted  {'; '.join(later.breaches) or 'nothing'} (left on {days.left_on})",
        f"replan   version(s) {', '.join(map(str, later.proposals)) or 'none'} wait; "
        f"{newest} moves {moved} accounts and differs in {parts} places",
        f"see      aop status --home {settings.home}",
        f"why      aop plan diff {plan.version} {newest} --home {settings.home}",
        f"decide   aop plan approve {newest} --as YOU --home {settings.home}",
        f"look     aop serve --home {settings.home}",
    ]


def _tell(step: int, what: str) -> None:
    print(f"[{step}/5] {what}", file=sys.stderr, flush=True)
