"""What becomes of open opportunities on the day a version goes live, as a file."""

from datetime import date, timedelta
from typing import Final

import duckdb
import polars as pl

from data_contracts.handover import Handover
from pipelines.ledger.holdover import OWNED_SCHEMA, Open, Team, opportunity_owners
from pipelines.ledger.queries import Content, LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.settings import Settings

_DEALS: Final = """
select
    opportunity_id, account_id, coalesce(opened_on, as_of) as created_on, stage,
    coalesce(amount_cents, 0) as amount_cents
from core.fct_opportunity
where not is_closed and account_id in (select unnest($accounts))
order by opportunity_id
"""
_REPS: Final = (
    "select rep_id, left_on, manager_rep_id from core.dim_rep order by rep_id"
)
_AWAY: Final = """
select rep_id, acting_rep_id, covered_from, coalesce(covered_to, $until)
from core.fct_leave_cover
where acting_rep_id is not null
order by rep_id, covered_from
"""
_TABLES: Final = """
select table_schema || '.' || table_name from information_schema.tables
"""


def open_work(
    settings: Settings,
    ledger: LedgerReader,
    plan: PlanVersion,
    content: Content,
    rule: Handover,
    *,
    day: date,
) -> tuple[pl.DataFrame, list[str]]:
    """Return who owns each open opportunity of a moved account from a day on.

    Parameters
    ----------
    plan, content : PlanVersion and its lines
        What goes live on `day`.
    rule : Handover
        What the policy says of holdover.

    Returns
    -------
    tuple of frame with the columns of `OWNED_SCHEMA` and list of str
        Rows from `day` to the plan's last day, and what could not be told and why.
    """
    moved = _moved(ledger, plan, content, day)
    none = pl.DataFrame(schema=OWNED_SCHEMA)
    if moved.is_empty():
        return none, []
    if not settings.serving_copy.is_file():
        return none, ["holdover is not told: no night was published yet"]
    with duckdb.connect(str(settings.serving_copy), read_only=True) as connection:
        there = {str(name) for (name,) in connection.execute(_TABLES).fetchall()}
        if not {"core.fct_opportunity", "core.dim_rep"} <= there:
            return none, ["holdover is not told: the serving copy has no opportunities"]
        accounts = {"accounts": moved["account_id"].to_list()}
        deals = connection.execute(_DEALS, accounts).fetchall()
        reps = connection.execute(_REPS).fetchall()
        has_cover = "core.fct_leave_cover" in there
        until = {"until": plan.effective_to}
        covers = connection.execute(_AWAY, until).fetchall() if has_cover else []
    team = Team(
        left_on={rep: left for rep, left, _ in reps if left is not None},
        manager={rep: manager for rep, _, manager in reps if manager is not None}
        | {rep: acting for rep, acting, _, _ in covers},
        away=_away(covers),
    )
    eve = day - timedelta(days=1)
    owned = opportunity_owners(
        moved,
        [
            Open(name, account, min(created, eve), None, stage, cents)
            for name, account, created, stage, cents in deals
        ],
        rule,
        team,
        until=plan.effective_to,
    )
    return owned.filter(pl.col("valid_from") >= day), []


def _away(
    covers: list[tuple[str, str, date, date]],
) -> dict[str, tuple[tuple[date, date], ...]]:
    """Return, by rep, the leaves that somebody covers."""
    spells: dict[str, list[tuple[date, date]]] = {}
    for rep, _, first, last in covers:
        spells.setdefault(rep, []).append((first, last))
    return {rep: tuple(mine) for rep, mine in spells.items()}


def _moved(
    ledger: LedgerReader, plan: PlanVersion, content: Content, day: date
) -> pl.DataFrame:
    """Return the spells before and from the day of accounts that move on it."""
    eve = day - timedelta(days=1)
    before = ledger.in_force(eve)
    now = content["assignment"].filter(
        pl.col("valid_from") <= day,
        pl.col("valid_to").is_null() | (pl.col("valid_to") >= day),
    )
    if before is None or before.version == plan.version:
        was = now.select("account_id", old_rep_id="previous_rep_id")
    else:
        lines = ledger.lines(before.version, "assignment")
        was = lines.filter(
            pl.col("valid_from") <= eve,
            pl.col("valid_to").is_null() | (pl.col("valid_to") >= eve),
        ).select("account_id", old_rep_id="rep_id")
    both = now.join(was, on="account_id").filter(
        pl.col("old_rep_id").is_not_null(), pl.col("old_rep_id") != pl.col("rep_id")
    )
    first = pl.lit(date(1900, 1, 1))
    spells = [
        both.select("account_id", "old_rep_id", first.alias("from"), pl.lit(eve)),
        both.select(
            "account_id", "rep_id", pl.lit(day).alias("from"), pl.lit(plan.effective_to)
        ),
    ]
    names = ["account_id", "rep_id", "valid_from", "valid_to"]
    return pl.concat(
        [each.rename(dict(zip(each.columns, names, strict=True))) for each in spells]
    )
