"""Forecast ramp, productivity, attrition and capacity, and the odds of the plan."""

from dataclasses import replace

import numpy as np
import polars as pl

from data_contracts.calendar import add_months
from ml.attrition import AttritionEstimator
from ml.baselines import (
    BAND,
    flat_hazard,
    mean_productivity,
    sheet_capacity,
    tenure_curve,
)
from ml.capacity import CapacityForecast, simulate_capacity
from ml.outlook import by_node, rep_outlook
from ml.productivity import ProductivityEstimator
from ml.ramp import RampEstimator
from pipelines.ledger.queries import LedgerReader
from pipelines.logs import logger
from pipelines.planning.backtests import Verdicts, told
from pipelines.planning.inputs import Facts
from pipelines.planning.series_forecast import HORIZON_MONTHS

OUTLOOK_MONTHS = 12
_log = logger(__name__)


def panel_of(facts: Facts) -> pl.DataFrame:
    """Return the rep-months of quota-bearing roles that have a segment.

    The warehouse counts tenure at the start of a month; ramps are read at the middle
    of the days worked, which is half of the share worked later.
    """
    return facts.rep_months.filter(
        pl.col("role").is_in(
            [role.id for role in facts.policy.roles if role.is_quota_bearing]
        ),
        pl.col("segment_id").is_not_null(),
    ).with_columns(tenure_months=pl.col("tenure_months") + pl.col("active_share") / 2)


def forecast_people(
    facts: Facts, panel: pl.DataFrame, verdicts: Verdicts, ledger: LedgerReader
) -> dict[str, pl.DataFrame]:
    """Forecast what people will do; where a model lost, its baseline answers.

    Parameters
    ----------
    facts : Facts
    panel : frame from :func:`panel_of`
    verdicts : Verdicts
    ledger : LedgerReader
        Gives the hires and the targets of the plan in force.

    Returns
    -------
    dict of file stem to rows
        Empty when nobody has booked anything.
    """
    if panel.is_empty() or panel["bookings_cents"].sum() <= 0:
        _log.warning("no rep has booked anything: ramp and attrition not forecast")
        return {}
    prior = facts.policy.capacity.prior_attrition_per_year_share
    _log.info("fitting ramp, attrition and talent to %s rep-months", panel.height)
    on_step = told(panel)
    ramp = RampEstimator().fit(panel, on_step=on_step)
    leavers = AttritionEstimator(yearly_rate_share=prior).fit(panel, ramp)
    made = ProductivityEstimator(ramp=ramp).fit(panel)
    _log.info("simulating %s months of capacity", HORIZON_MONTHS)
    roster = simulate_capacity(ramp, leavers, months=HORIZON_MONTHS, on_step=on_step)
    talents = made.by_rep().select("rep_id", talent_p10="p10", talent_p90="p90")
    plan = ledger.in_force(add_months(facts.last_full_month, 1))
    lines = ledger.content(plan.version) if plan else {}
    hires = _planned(lines.get("hire"), facts)
    staffed = simulate_capacity(
        ramp, leavers, hires, months=HORIZON_MONTHS, on_step=on_step
    )
    frames = {
        "ramp": ramp.curve() if verdicts.is_used("ramp") else tenure_curve(panel),
        "productivity": made.by_group()
        if verdicts.is_used("productivity")
        else mean_productivity(panel),
        "attrition": leavers.hazard()
        if verdicts.is_used("attrition")
        else flat_hazard(panel),
        "capacity": roster.by_month
        if verdicts.is_used("capacity")
        else _sheet_rows(panel, roster),
        "capacity_outlook": by_node(staffed),
        "rep_outlook": rep_outlook(ramp, leavers, months=OUTLOOK_MONTHS).join(
            talents, on="rep_id", how="left", maintain_order="left"
        ),
    }
    if plan:
        frames["plan_odds"] = plan_odds(staffed, lines["target"], facts).with_columns(
            plan_version=pl.lit(plan.version, pl.Int64)
        )
    return frames


def plan_odds(
    capacity: CapacityForecast, targets: pl.DataFrame, facts: Facts
) -> pl.DataFrame:
    """Return the chance that company and segments meet the plan in force.

    Parameters
    ----------
    capacity : CapacityForecast
        Roster and planned hires, month by month from the next one.
    targets : frame of node_level, node_id, month_start, measure, value_cents
    facts : Facts
        Months of the plan that are over count with what was booked.

    Returns
    -------
    frame of node_level, node_id, months_count, target_cents, p10_cents, p50_cents,
    p90_cents, met_share
        Over all months of the plan that the simulation reaches.
    """
    wanted = targets.filter(
        (pl.col("measure") == "bookings")
        & pl.col("node_level").is_in(["company", "segment"])
        & (pl.col("month_start") <= capacity.months[-1])
    )
    ahead = wanted.filter(pl.col("month_start") > facts.last_full_month)
    count = ahead["month_start"].n_unique()
    shown = replace(
        capacity, draws=capacity.draws[:, :, :count], months=capacity.months[:count]
    )
    segments = {segment for segment, _ in capacity.groups}
    done = facts.bookings.filter(
        pl.col("month_start").is_in(wanted["month_start"].unique().implode())
    )
    rows = []
    for (level, node), part in wanted.group_by("node_level", "node_id"):
        if level == "segment" and node not in segments:
            continue
        mine = done if level == "company" else done.filter(segment_id=node)
        so_far, target = (
            int(mine["bookings_cents"].sum()),
            int(part["value_cents"].sum()),
        )
        members = [
            g
            for g, (s, _) in enumerate(shown.groups)
            if level == "company" or s == node
        ]
        total = so_far + shown.draws[:, members].sum(axis=(1, 2))
        low, middle, high = np.rint(np.quantile(total, [0.1, 0.5, 0.9]))
        rows.append(
            {
                "node_level": level,
                "node_id": node,
                "months_count": part["month_start"].n_unique(),
                "target_cents": target,
                "p10_cents": int(low),
                "p50_cents": int(middle),
                "p90_cents": int(high),
                "met_share": float((total >= target).mean()),
            }
        )
    schema = {
        "node_level": pl.String,
        "node_id": pl.String,
        "months_count": pl.Int64,
        "target_cents": pl.Int64,
        "p10_cents": pl.Int64,
        "p50_cents": pl.Int64,
        "p90_cents": pl.Int64,
        "met_share": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema).sort("node_level", "node_id")


def _planned(hires: pl.DataFrame | None, facts: Facts) -> pl.DataFrame | None:
    """Return the plan's hires that have not started by the last full month."""
    if hires is None or hires.is_empty():
        return None
    ahead = hires.filter(pl.col("month_start") > facts.last_full_month)
    return None if ahead.is_empty() else ahead


def _sheet_rows(panel: pl.DataFrame, roster: CapacityForecast) -> pl.DataFrame:
    """Return the spreadsheet's capacity in the columns of the capacity file."""
    sheet = sheet_capacity(panel, roster.groups, len(roster.months)).ravel()
    return roster.by_month.select("segment_id", "role", "month_start").with_columns(
        capacity_p10_cents=pl.Series(np.rint((1 - BAND) * sheet)).cast(pl.Int64),
        capacity_p50_cents=pl.Series(np.rint(sheet)).cast(pl.Int64),
        capacity_p90_cents=pl.Series(np.rint((1 + BAND) * sheet)).cast(pl.Int64),
    )
