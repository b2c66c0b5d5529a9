"""Why a rep or an account is planned as it is: the lines and reasons of a version."""

from dataclasses import asdict
from datetime import date
from typing import Any

import polars as pl

from data_contracts.errors import LedgerError
from pipelines.ledger.bridges import scenario_bridges
from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.summary import financial_summary
from pipelines.settings import Settings


def chosen_version(
    ledger: LedgerReader, version: int | None, night: date | None
) -> PlanVersion:
    """Return the version asked for, else the one in force, else the newest.

    Raises
    ------
    LedgerError
        If it does not exist, or nothing was ever proposed.
    """
    if version is not None:
        return ledger.get(version)
    in_force = ledger.in_force(night) if night else None
    if in_force is not None:
        return in_force
    known = ledger.versions()
    if not known:
        raise LedgerError(
            "no plan was ever proposed", fix="a night proposes the first: aop refresh"
        )
    return known[-1]


def account(
    settings: Settings, account_id: str, version: int | None, night: date | None
) -> dict[str, Any]:
    """Return who owns an account in a version, why, and the price of the alternative.

    Raises
    ------
    LedgerError
        If the version does not hold the account.
    """
    ledger = LedgerReader(settings.require_home().ledger_url)
    plan = chosen_version(ledger, version, night)
    lines = ledger.lines(plan.version, "assignment").filter(
        pl.col("account_id") == account_id
    )
    if lines.is_empty():
        raise _unknown("account", account_id, plan)
    return {"plan": _head(plan), "assignment": lines.to_dicts()}


def rep(
    settings: Settings, rep_id: str, version: int | None, night: date | None
) -> dict[str, Any]:
    """Return the quota of a rep by month with its reasons, and the book behind it.

    Raises
    ------
    LedgerError
        If the version gives the rep neither quota nor accounts.
    """
    ledger = LedgerReader(settings.require_home().ledger_url)
    plan = chosen_version(ledger, version, night)
    quota = ledger.lines(plan.version, "quota").filter(pl.col("rep_id") == rep_id)
    every = ledger.lines(plan.version, "assignment")
    book = every.filter(pl.col("rep_id") == rep_id)
    given = every.filter((pl.col("previous_rep_id") == rep_id) & pl.col("is_moved"))
    if quota.is_empty() and book.is_empty() and given.is_empty():
        raise _unknown("rep", rep_id, plan)
    return {
        "plan": _head(plan),
        "quota": quota.to_dicts(),
        "quota_cents": int(quota["quota_cents"].sum()),
        "accounts_count": book.height,
        "potential_cents": int(book["potential_cents"].sum()),
        "received": book.filter(pl.col("is_moved")).to_dicts(),
        "given": given.to_dicts(),
    }


def quota(
    settings: Settings, rep_id: str, version: int | None, night: date | None
) -> dict[str, Any]:
    """Return the bridge of a rep's quota: step by step, by month and in sum.

    Raises
    ------
    LedgerError
        If the version gives the rep no quota.
    HomeError
        If what the version was computed from is not recorded in this home.
    """
    # here and not above: planning brings the forecasters and the solvers with it
    from pipelines.planning.bridges import STEPS, quota_bridge
    from pipelines.planning.recorded import read_inputs

    ledger = LedgerReader(settings.require_home().ledger_url)
    plan = chosen_version(ledger, version, night)
    bridge = quota_bridge(
        read_inputs(settings, plan.version), ledger.content(plan.version), rep_id
    )
    sums = dict(bridge.group_by("step").agg(pl.col("cents").sum()).iter_rows())
    return {
        "plan": _head(plan),
        "rep_id": rep_id,
        "quota_cents": int(bridge["cents"].sum()),
        "bridge": [{"step": step, "cents": int(sums[step])} for step in STEPS],
        "months": bridge.to_dicts(),
    }


def price(
    settings: Settings, account_id: str, version: int | None, night: date | None
) -> dict[str, Any]:
    """Return what it costs to keep a moved account, found by solving without the move.

    Raises
    ------
    LedgerError
        If the version does not move the account.
    HomeError
        If what the version was computed from is not recorded in this home.
    """
    # here and not above: planning brings the forecasters and the solvers with it
    from pipelines.planning.counterfactual import keep_account
    from pipelines.planning.recorded import read_inputs

    ledger = LedgerReader(settings.require_home().ledger_url)
    plan = chosen_version(ledger, version, night)
    found = keep_account(
        read_inputs(settings, plan.version), ledger.content(plan.version), account_id
    )
    return {"plan": _head(plan), **asdict(found), "price_cents": found.price_cents}


def whole(
    settings: Settings, version: int | None, night: date | None
) -> dict[str, Any]:
    """Return why a version is as it is: its money, moves, hires, what people asked for.

    A scenario and a rollback come with their bridge from the plan they depart from.
    """
    ledger = LedgerReader(settings.require_home().ledger_url)
    plan = chosen_version(ledger, version, night)
    content = ledger.content(plan.version)
    moved = content["assignment"].filter(pl.col("is_moved"))
    return {
        "plan": _head(plan),
        "why": plan.why,
        "moves": moved.group_by("reason")
        .agg(
            pl.len().alias("accounts"),
            pl.col("potential_cents").sum(),
            pl.col("move_cost_cents").sum(),
        )
        .sort("accounts", "reason", descending=[True, False])
        .to_dicts(),
        "hires": content["hire"].to_dicts(),
        "finance": asdict(financial_summary(content)),
        "bridge": scenario_bridges(settings, [plan])
        .select("measure", "driver_order", "driver", "change", "value_after")
        .to_dicts(),
    }


def _head(plan: PlanVersion) -> dict[str, Any]:
    whole = asdict(plan)
    names = ("version", "state", "title", "as_of", "effective_from", "effective_to")
    return {name: whole[name] for name in names}


def _unknown(kind: str, name: str, plan: PlanVersion) -> LedgerError:
    return LedgerError(
        f"plan version {plan.version} knows no {kind} {name!r}",
        fix=f"see who is planned: aop plan show {plan.version} --lines "
        f"{'assignment' if kind == 'account' else 'quota'}",
    )
