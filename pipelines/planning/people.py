"""The sellers on the books, what they can carry, and what their heads cost."""

import re
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.calendar import month_start, months_between
from data_contracts.policy import CompanyPolicy
from pipelines.planning.inputs import Facts
from pipelines.planning.targets import Horizon
from solvers.capacity import expected_capacity

NO_SEGMENT = "none"
MAX_TENURE_MONTHS = 120


@dataclass(frozen=True, slots=True)
class Curves:
    """Forecasts of one segment and role, as arrays over tenure in months."""

    ramp_share: NDArray[np.float64]
    monthly_hazard: NDArray[np.float64]
    ramped_month_cents: float


@dataclass(frozen=True, slots=True)
class Forecasts:
    """The forecasts that planning stands on, as `ml` gave them."""

    ramp: pl.DataFrame
    productivity: pl.DataFrame
    attrition: pl.DataFrame
    capacity: pl.DataFrame
    bookings: pl.DataFrame
    potential: pl.DataFrame

    def curves(self, segment_id: str, role: str, policy: CompanyPolicy) -> Curves:
        """Return ramp, hazard and productivity of one group, or the policy's priors."""
        here = (pl.col("segment_id") == segment_id) & (pl.col("role") == role)
        ramp = self.ramp.filter(here).sort("tenure_month")["share"].to_numpy()
        made = self.productivity.filter(here)["ramped_month_cents"]
        is_learned = policy.capacity.ramp_source == "history" and ramp.size > 0
        leavers = self.attrition.filter(here)
        if policy.capacity.attrition_source == "policy":
            leavers = leavers.clear()
        return Curves(
            ramp_share=ramp if is_learned else _prior_ramp(policy),
            monthly_hazard=_hazard_by_month(leavers, policy),
            ramped_month_cents=float(made[0]) if made.len() else 0.0,
        )


def planned_reps(facts: Facts, *, starts_on: date) -> pl.DataFrame:
    """Return who may own accounts and carry quota from a date on, sorted by id.

    Returns
    -------
    frame of rep_id, role, segment_id, region_id, latitude, longitude, tenure_months
        Active quota-bearing reps whose role the policy gives quota; `tenure_months`
        is whole months at `starts_on`, 0 where the start date is unknown.
    """
    bearing = [role.id for role in facts.policy.roles if role.is_quota_bearing]
    reps = facts.reps.filter(
        pl.col("is_active"),
        pl.col("role").is_in(bearing),
        pl.col("left_on").is_null() | (pl.col("left_on") > facts.as_of),
    ).sort("rep_id")
    tenure = [
        max(months_between(month_start(hired), starts_on), 0) if hired else 0
        for hired in reps["hired_on"]
    ]
    return reps.select(
        "rep_id",
        "role",
        pl.col("segment_id").fill_null(NO_SEGMENT),
        pl.col("region_id").fill_null(NO_SEGMENT),
        "latitude",
        "longitude",
        pl.Series("tenure_months", tenure, dtype=pl.Int64),
    )


def season_of(
    cells: pl.DataFrame, segment_id: str, plan: Horizon
) -> NDArray[np.float64]:
    """Return each month's weight against a mean month of the targets, (n_months,)."""
    by_month = dict(
        cells.filter(pl.col("segment_id") == segment_id)
        .group_by("month_start")
        .agg(pl.col("value_cents").sum())
        .iter_rows()
    )
    values = np.array([by_month.get(month, 0) for month in plan.month_starts], float)
    if values.sum() <= 0:
        return np.ones(values.size)
    shape: NDArray[np.float64] = values / values.mean()
    return shape


@dataclass(frozen=True, slots=True)
class Team:
    """One segment and role with what its people can do in each month of the plan."""

    segment_id: str
    role: str
    tenure_months: NDArray[np.int64]
    curves: Curves
    month_cents: NDArray[np.float64]  # (n_months,) one ramped rep, in season

    def carried(self, starts: NDArray[np.int64], plan: Horizon) -> pl.DataFrame:
        """Return the team's capacity lines with new starters by month."""
        answer = expected_capacity(
            self.tenure_months,
            hires=starts,
            ramp_share=self.curves.ramp_share,
            monthly_hazard=self.curves.monthly_hazard,
            productivity_cents=self.month_cents,
        )
        return pl.DataFrame(
            {
                "segment_id": self.segment_id,
                "role": self.role,
                "month_start": plan.month_starts,
                "heads": answer.heads,
                "ramped_heads": answer.ramped_heads,
                "capacity_cents": answer.capacity_cents,
            }
        )


def teams_of(
    facts: Facts, forecasts: Forecasts, cells: pl.DataFrame, plan: Horizon
) -> list[Team]:
    """Gather today's sellers by segment and role, sorted, with their curves."""
    reps = planned_reps(facts, starts_on=plan.effective_from)
    teams = []
    for (segment, role), members in reps.group_by(
        "segment_id", "role", maintain_order=True
    ):
        curves = forecasts.curves(str(segment), str(role), facts.policy)
        teams.append(
            Team(
                segment_id=str(segment),
                role=str(role),
                tenure_months=members["tenure_months"].to_numpy(),
                curves=curves,
                month_cents=curves.ramped_month_cents
                * season_of(cells, str(segment), plan),
            )
        )
    return sorted(teams, key=lambda team: (team.segment_id, team.role))


def compensation_lines(policy: CompanyPolicy, heads: pl.DataFrame) -> pl.DataFrame:
    """Price the heads at target pay by segment, role and month; no personal pay.

    Parameters
    ----------
    policy : CompanyPolicy
    heads : frame of segment_id, role, month_start, heads
        Sellers and those who lead them.

    Returns
    -------
    frame of compensation lines, sorted by segment, role and month
    """
    pay = pl.DataFrame(
        [
            {
                "role": role.id,
                "month_pay": role.ote_in_currency * 100 / 12,
                "variable_share": role.variable_share,
            }
            for role in policy.roles
        ],
        schema={
            "role": pl.String,
            "month_pay": pl.Float64,
            "variable_share": pl.Float64,
        },
    )
    total = pl.col("heads") * pl.col("month_pay")
    return (
        heads.join(pay, on="role", how="left")
        .with_columns(
            target_pay_cents=total.round().cast(pl.Int64),
            variable_cents=(total * pl.col("variable_share")).round().cast(pl.Int64),
        )
        .select(
            "segment_id",
            "role",
            "month_start",
            "heads",
            "target_pay_cents",
            "variable_cents",
        )
        .sort("segment_id", "role", "month_start")
    )


def _prior_ramp(policy: CompanyPolicy) -> NDArray[np.float64]:
    """Return the policy's ramp, 80 % after its months, where history says nothing."""
    tenure = np.arange(37)
    return 1 - 0.2 ** (tenure / policy.capacity.prior_months_to_80_months)


def _hazard_by_month(bands: pl.DataFrame, policy: CompanyPolicy) -> NDArray[np.float64]:
    """Spread tenure bands ("6-12") over months; the policy's rate where none is."""
    yearly = policy.capacity.prior_attrition_per_year_share
    hazard = np.full(MAX_TENURE_MONTHS, 1 - (1 - yearly) ** (1 / 12))
    by_start = sorted(
        (int(re.split(r"\D", str(band))[0]), float(share))
        for band, share in bands.select(
            "tenure_band", "monthly_hazard_share"
        ).iter_rows()
    )
    for starts, share in by_start:
        hazard[starts:] = share
    return hazard
