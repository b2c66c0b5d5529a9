"""Hires that people fixed, and what they change of capacity and pay."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.money import show
from pipelines.ledger.overrides import Override
from pipelines.planning.cycle import Content
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts, teams_of
from pipelines.planning.replan import cells_of
from pipelines.planning.targets import Horizon
from pipelines.planning.wishes import Team, Wishes


def fixed_hires(
    content: Content, facts: Facts, forecasts: Forecasts, plan: Horizon, wishes: Wishes
) -> tuple[Content, list[str]]:
    """Set fixed starters, and add what they change to capacity and pay.

    Parameters
    ----------
    content : component name to lines
        As computed, with nobody's wishes.
    wishes : Wishes

    Returns
    -------
    tuple of content and list of str
        Expected capacity is linear in starters, so the difference between the team
        with and without them is added; P10 and P90 move in proportion.
    """
    if not wishes.hires:
        return content, []
    notes, changed = [], dict(content)
    teams = {
        (team.segment_id, team.role): team
        for team in teams_of(facts, forecasts, cells_of(content["target"], plan), plan)
    }
    for key, by_month in sorted(wishes.hires.items()):
        team = teams.get(key)
        wanted = {m: asked for m, asked in by_month.items() if m in plan.month_starts}
        if team is None or not wanted:
            numbers = ", ".join(str(one.number) for _, one in by_month.values())
            notes.append(f"override {numbers} not kept: no such team or month to plan")
            continue
        was = _starters(changed["hire"], key)
        now = was | {month: count for month, (count, _) in wanted.items()}
        before, after = (team.carried(_counts(side, plan), plan) for side in (was, now))
        paid_before = int(changed["compensation"]["target_pay_cents"].sum())
        changed["hire"] = _hire_lines(changed["hire"], key, wanted)
        changed["capacity"] = _with_capacity(changed["capacity"], before, after)
        changed["compensation"] = _with_pay(
            changed["compensation"], before, after, *_month_pay(facts, key[1])
        )
        gained = int((after["capacity_cents"] - before["capacity_cents"]).sum())
        paid = int(changed["compensation"]["target_pay_cents"].sum()) - paid_before
        numbers = ", ".join(str(one.number) for _, one in wanted.values())
        notes.append(
            f"override {numbers} (hires {'/'.join(key)}) kept, capacity changes by "
            f"{show(gained)} and target pay by {show(paid)}"
        )
    return changed, notes


def _starters(hires: pl.DataFrame, key: Team) -> dict[date, int]:
    mine = hires.filter(pl.col("segment_id") == key[0], pl.col("role") == key[1])
    return dict(mine.select("month_start", "hires_count").iter_rows())


def _counts(starters: Mapping[date, int], plan: Horizon) -> NDArray[np.int64]:
    return np.array([starters.get(m, 0) for m in plan.month_starts], dtype=np.int64)


def _hire_lines(
    hires: pl.DataFrame, key: Team, wanted: Mapping[date, tuple[int, Override]]
) -> pl.DataFrame:
    mine = (pl.col("segment_id") == key[0]) & (pl.col("role") == key[1])
    kept = hires.filter(~(mine & pl.col("month_start").is_in(list(wanted))))
    fixed = pl.DataFrame(
        [
            {
                "segment_id": key[0],
                "role": key[1],
                "month_start": month,
                "hires_count": count,
                "reason": f"fixed by {one.author}: {one.reason}",
            }
            for month, (count, one) in wanted.items()
            if count
        ],
        schema=hires.schema,
    )
    return pl.concat([kept, fixed]).sort("segment_id", "role", "month_start")


def _with_capacity(
    lines: pl.DataFrame, before: pl.DataFrame, after: pl.DataFrame
) -> pl.DataFrame:
    """Add the difference of two carried teams to their lines."""
    by = ["segment_id", "role", "month_start"]
    moved = after.join(before, on=by, suffix="_was").select(
        *by,
        more_heads=pl.col("heads") - pl.col("heads_was"),
        more_ramped=pl.col("ramped_heads") - pl.col("ramped_heads_was"),
        more_cents=pl.col("capacity_cents") - pl.col("capacity_cents_was"),
    )
    joined = lines.join(moved, on=by, how="left").with_columns(
        pl.col("more_heads", "more_ramped", "more_cents").fill_null(0)
    )
    was = pl.col("capacity_cents")
    grown = pl.when(was > 0).then((was + pl.col("more_cents")) / was).otherwise(1.0)
    bands = [
        (pl.col(name) * grown).round().cast(pl.Int64).alias(name)
        for name in ("capacity_p10_cents", "capacity_p90_cents")
    ]
    return joined.with_columns(
        *bands,
        pl.col("heads") + pl.col("more_heads"),
        pl.col("ramped_heads") + pl.col("more_ramped"),
        was + pl.col("more_cents"),
    ).select(lines.columns)


def _with_pay(
    lines: pl.DataFrame,
    before: pl.DataFrame,
    after: pl.DataFrame,
    month_pay: float,
    month_variable: float,
) -> pl.DataFrame:
    """Pay the added heads as the team's heads are paid, else at the role's OTE."""
    by = ["segment_id", "role", "month_start"]
    moved = after.join(before, on=by, suffix="_was").select(
        *by, more_heads=pl.col("heads") - pl.col("heads_was")
    )
    heads, more = pl.col("heads"), pl.col("more_heads")

    def paid(name: str, usual: float) -> pl.Expr:
        rate = pl.when(heads > 0).then(pl.col(name) / heads).otherwise(usual)
        return (pl.col(name) + more * rate).round().cast(pl.Int64).alias(name)

    return (
        lines.join(moved, on=by, how="left")
        .with_columns(more.fill_null(0))
        .with_columns(
            paid("target_pay_cents", month_pay),
            paid("variable_cents", month_variable),
            heads + more,
        )
        .select(lines.columns)
    )


def _month_pay(facts: Facts, role: str) -> tuple[float, float]:
    """Return a head's target pay a month and the variable part of it, in cents."""
    for each in facts.policy.roles:
        if each.id == role:
            pay = each.ote_in_currency * 100 / 12
            return pay, pay * each.variable_share
    return 0.0, 0.0
