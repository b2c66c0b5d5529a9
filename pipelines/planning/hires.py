"""Whom to hire, and when, so that the heads can carry the target."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.money import show
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts, Team, teams_of
from pipelines.planning.promise import hires_with_promise, kept_shares
from pipelines.planning.proofs import COMPANY, ProofLine
from pipelines.planning.spans import manager_rows, paid_cents, spans_of
from pipelines.planning.targets import Horizon
from solvers.capacity import capacity_per_hire
from solvers.hiring import HiringPlan, HiringProblem, plan_hires

HIRE_SCHEMA = {
    "segment_id": pl.String,
    "role": pl.String,
    "month_start": pl.Date,
    "hires_count": pl.Int64,
    "reason": pl.String,
}


def plan_people(
    facts: Facts, forecasts: Forecasts, cells: pl.DataFrame, plan: Horizon
) -> dict[str, pl.DataFrame]:
    """Work out the hires that close what is missing, then capacity with them.

    Parameters
    ----------
    facts, forecasts : what is known and what is expected
    cells : frame of segment_id, region_id, month_start, value_cents
        Bookings targets.
    plan : Horizon

    Returns
    -------
    dict of ``capacity`` and ``hire`` lines
        Where no hire can close a segment's gap within the limits, the reason of its
        last hire says what is still missing.
    """
    return prove_people(facts, forecasts, cells, plan)[0]


def prove_people(
    facts: Facts, forecasts: Forecasts, cells: pl.DataFrame, plan: Horizon
) -> tuple[dict[str, pl.DataFrame], list[ProofLine]]:
    """Plan people as :func:`plan_people` does; return the lines with their proof."""
    teams = teams_of(facts, forecasts, cells, plan)
    starts, hire_lines, proofs = _hires(facts, cells, plan, teams)
    carried = [team.carried(starts[i], plan) for i, team in enumerate(teams)]
    lines = {
        "capacity": _with_band(pl.concat([_no_capacity(), *carried]), forecasts),
        "hire": hire_lines,
    }
    return lines, proofs


def _with_band(capacity: pl.DataFrame, forecasts: Forecasts) -> pl.DataFrame:
    """Put the simulated roster's P10 and P90 around the plan's expected capacity.

    The band is relative: hires are taken to be as uncertain as the roster. Months
    past the simulation have no band.
    """
    simulated = forecasts.capacity.filter(pl.col("capacity_p50_cents") > 0).select(
        "segment_id",
        "role",
        "month_start",
        low=pl.col("capacity_p10_cents") / pl.col("capacity_p50_cents"),
        high=pl.col("capacity_p90_cents") / pl.col("capacity_p50_cents"),
    )
    joined = capacity.join(
        simulated, on=["segment_id", "role", "month_start"], how="left"
    ).sort("segment_id", "role", "month_start")
    expected = pl.col("capacity_cents")
    return joined.with_columns(
        (expected * pl.col("low")).round().cast(pl.Int64).alias("capacity_p10_cents"),
        (expected * pl.col("high")).round().cast(pl.Int64).alias("capacity_p90_cents"),
    ).drop("low", "high")


def _hires(
    facts: Facts, cells: pl.DataFrame, plan: Horizon, teams: list[Team]
) -> tuple[NDArray[np.int64], pl.DataFrame, list[ProofLine]]:
    """Plan hires; return starters by team and start month, lines and proofs."""
    limits, n_months = facts.policy.capacity, len(plan.month_starts)
    starts = np.zeros((len(teams), n_months), dtype=np.int64)
    if not teams:
        return starts, _no_hires(), []
    segments = sorted({team.segment_id for team in teams})
    need = np.zeros(len(segments), dtype=np.int64)
    target = np.zeros(len(segments), dtype=np.int64)
    for place, segment in enumerate(segments):
        wanted = int(cells.filter(pl.col("segment_id") == segment)["value_cents"].sum())
        have = sum(
            int(team.carried(starts[0] * 0, plan)["capacity_cents"].sum())
            for team in teams
            if team.segment_id == segment
        )
        target[place] = round(wanted / limits.attainment_share)
        need[place] = target[place] - have
    brings = np.array(
        [
            capacity_per_hire(
                n_months=n_months,
                lead_months=limits.hire_lead_time_months,
                ramp_share=team.curves.ramp_share,
                monthly_hazard=team.curves.monthly_hazard,
                productivity_cents=team.month_cents,
            ).sum(axis=1)
            for team in teams
        ]
    )
    question = HiringProblem(
        group_names=tuple(f"{t.role} in {t.segment_id}" for t in teams),
        segment_of_group=np.array([segments.index(t.segment_id) for t in teams]),
        role_of_group=np.zeros(len(teams), dtype=np.intp),
        contribution_cents=brings,
        cost_cents=paid_cents(facts.policy, [team.role for team in teams], plan),
        need_cents=need,
        recruiter_limit=np.full(
            (1, n_months), limits.max_hires_per_month_count, dtype=np.int64
        ),
        budget_cents=None
        if limits.hire_budget_in_currency is None
        else round(limits.hire_budget_in_currency * 100),
        spans=spans_of(facts, teams, segments, plan),
    )
    kept: list[ProofLine] = []
    if facts.policy.promise.plan_met_probability_share is None:
        found = plan_hires(question, best_effort=True)
        kept = kept_shares(facts.policy, teams, segments, found.hires, target)
    else:
        found, kept = hires_with_promise(
            facts.policy, teams, segments, question, target
        )
    rows = manager_rows(facts.policy, found, segments, plan)
    for team_place, month in zip(*np.nonzero(found.hires), strict=True):
        team, count = teams[team_place], int(found.hires[team_place, month])
        begins = month + limits.hire_lead_time_months
        starts[team_place, begins] += count
        place = segments.index(team.segment_id)
        closes = round(float(brings[team_place, month]) * count)
        still = int(found.missing_cents[place])
        rows.append(
            {
                "segment_id": team.segment_id,
                "role": team.role,
                "month_start": plan.month_starts[begins],
                "hires_count": count,
                "reason": f"adds {show(closes)} by year end to a capacity gap of "
                f"{show(max(int(need[place]), 0))} in {team.segment_id}"
                + ("" if need[place] > 0 else ", so that the plan holds in bad years")
                + (f"; {show(still)} stay open within the limits" if still else ""),
            }
        )
    lines = pl.DataFrame(rows, schema=HIRE_SCHEMA).sort(
        "segment_id", "role", "month_start"
    )
    return starts, lines, [_proof(teams, plan, found), *kept]


def _proof(teams: list[Team], plan: Horizon, found: HiringPlan) -> ProofLine:
    """State cost, bound and until when a decision to hire still brings something."""
    useful = "; ".join(
        f"{team.role} in {team.segment_id}: "
        + (
            f"{plan.month_starts[last]:%B}"
            if (last := int(found.last_useful_month[place])) >= 0
            else "never"
        )
        for place, team in enumerate(teams)
    )
    short, managers = int(found.missing_cents.sum()), int(found.manager_hires.sum())
    return ProofLine(
        solver="hiring",
        node_id=COMPANY,
        proof=found.proof,
        unit="cents",
        objective=float(found.cost_cents),
        bound=float(found.bound_cents),
        gap_share=found.gap_share,
        is_verified=bool((found.hires >= 0).all() and found.bound_cents >= 0),
        statement=f"{int(found.hires.sum())} hires"
        + (f" and {managers} to lead them" if managers else "")
        + f" cost {show(found.cost_cents)} this year; {show(short)} stay open within "
        "the limits; last month in which a decision still brings something: " + useful,
    )


def _no_capacity() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "segment_id": pl.String,
            "role": pl.String,
            "month_start": pl.Date,
            "heads": pl.Float64,
            "ramped_heads": pl.Float64,
            "capacity_cents": pl.Int64,
        }
    )


def _no_hires() -> pl.DataFrame:
    return pl.DataFrame(schema=HIRE_SCHEMA)
