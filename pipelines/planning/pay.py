"""The payout curve of each role: searched within a ceiling, priced, and accrued."""

from collections.abc import Mapping
from datetime import date
from itertools import product

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.economics import Pay
from data_contracts.errors import InfeasibleError
from data_contracts.money import show
from data_contracts.policy import CompanyPolicy, Role
from pipelines.planning.managers import (
    leading_role,
    led_bookings,
    led_segments,
    led_teams,
)
from pipelines.planning.proofs import ProofLine
from solvers.compensation import (
    PayoutMoments,
    PayPlan,
    PlanCost,
    accrue_commissions,
    price_plan,
    search_plans,
    simulate_attainment,
)
from solvers.result import Proof

ACCRUED = ":accrued"  # ends the node of what actuals cost so far
SIMULATED_YEARS = 4_000
CHECKED_ATTAINMENTS = np.linspace(0.0, 3.0, 301)
PAY_SCHEMA = {
    "role": pl.String,
    "threshold_share": pl.Float64,
    "accelerator": pl.Float64,
    "second_accelerator_from_share": pl.Float64,
    "second_accelerator": pl.Float64,
    "cap_multiple": pl.Float64,
    "mean_cents": pl.Int64,
    "p90_cents": pl.Int64,
    "leverage_multiple": pl.Float64,
    "reason": pl.String,
}


def plan_pay(
    policy: CompanyPolicy,
    quotas: pl.DataFrame,
    reps: pl.DataFrame,
    heads: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, list[ProofLine]]:
    """Choose and price the payout curve of every role paid on quota, own or led.

    Parameters
    ----------
    policy : CompanyPolicy
        Curves that may be offered and what they may cost.
    quotas : frame of rep_id, quota_cents, base_cents
        `base_cents` over `quota_cents` is the attainment a rep is expected to reach.
    reps : frame of rep_id, role
    heads : frame of segment_id, role, month_start, heads, optional
        Planned heads; managers among them are paid on their teams' quotas, which
        `quotas` then gives by segment_id.

    Returns
    -------
    frame of pay lines, list of ProofLine
        One of each per role. A role whose cheapest curve costs more than the ceiling
        keeps the plain one, labelled best effort.
    """
    by_rep = (
        quotas.group_by("rep_id")
        .agg(
            pl.col("quota_cents").sum(),
            pl.col("base_cents").sum(),
            months=pl.col("month_start").n_unique(),
            heads=pl.lit(1.0),
            peers=pl.lit(1.0),
        )
        .join(reps.select("rep_id", "role"), on="rep_id")
        .filter(pl.col("quota_cents") > 0)
        .sort("rep_id")
    )
    leads = leading_role(policy)
    rows: list[dict[str, object]] = []
    proofs: list[ProofLine] = []
    for role in sorted(policy.roles, key=lambda each: each.id):
        team = by_rep.filter(pl.col("role") == role.id)
        if role == leads and heads is not None:
            team = led_teams(role, heads, quotas)
        is_paid = role.ote_in_currency * role.variable_share > 0
        if is_paid and team.height and (role.is_quota_bearing or role == leads):
            line, proof = _role(policy.pay, role, team)
            rows.append(line)
            proofs.append(proof)
    return pl.DataFrame(rows, schema=PAY_SCHEMA), proofs


def _role(
    pay: Pay, role: Role, team: pl.DataFrame
) -> tuple[dict[str, object], ProofLine]:
    quota = team["quota_cents"].to_numpy()
    year_cents = role.ote_in_currency * role.variable_share * 100
    heads, months = team["heads"].to_numpy(), team["months"].to_numpy()
    incentive = np.rint(heads * months * year_cents / 12).astype(np.int64)
    years = simulate_attainment(
        SIMULATED_YEARS,
        mean_attainment=np.maximum(team["base_cents"].to_numpy() / quota, 0.01),
        rep_deviation=pay.rep_deviation / np.sqrt(team["peers"].to_numpy()),
        common_deviation=pay.market_deviation,
        seed=0,
    )
    at_target = int(incentive.sum())
    mean_most = round(pay.mean_ceiling_multiple * at_target)
    dear_most = (
        None
        if pay.p90_ceiling_multiple is None
        else round(pay.p90_ceiling_multiple * at_target)
    )
    offered = _offered(pay)
    fits = True
    try:
        curve, cost = search_plans(
            offered,
            years,
            incentive_cents=incentive,
            quota_cents=quota,
            mean_ceiling_cents=mean_most,
            p90_ceiling_cents=dear_most,
        )
    except InfeasibleError:
        curve, fits = PayPlan(), False
        cost = price_plan(curve, years, incentive_cents=incentive, quota_cents=quota)
    reason = (
        f"most leverage of {len(offered)} curves within {show(mean_most)} on average"
        if fits
        else f"none of {len(offered)} curves fits {show(mean_most)}: the plain one"
    )
    proof = ProofLine(
        solver="compensation",
        node_id=role.id,
        proof=Proof.OPTIMAL if fits else Proof.BEST_EFFORT,
        unit="cents",
        objective=float(cost.mean_cents),
        bound=float(mean_most),
        gap_share=None,
        is_verified=_checks(curve, cost, years, incentive),
        statement=f"costs {show(cost.mean_cents)} on average and no more than "
        f"{show(cost.p90_cents)} in nine years of ten, {cost.cost_of_sales_share:.1%} "
        f"of bookings; leverage {cost.leverage:.2f}; never falls as attainment rises"
        + ("" if role.is_quota_bearing else "; measured on the quotas of their teams"),
    )
    second = curve.accelerators[1] if len(curve.accelerators) > 1 else (None, None)
    line = {
        "role": role.id,
        "threshold_share": curve.threshold_share,
        "accelerator": curve.accelerators[0][1],
        "second_accelerator_from_share": second[0],
        "second_accelerator": second[1],
        "cap_multiple": curve.cap_payout if np.isfinite(curve.cap_payout) else None,
        "mean_cents": cost.mean_cents,
        "p90_cents": cost.p90_cents,
        "leverage_multiple": cost.leverage,
        "reason": reason,
    }
    return line, proof


def _offered(pay: Pay) -> list[PayPlan]:
    """Return every curve the policy offers; the plain one where it offers one."""
    if pay.curve == "fixed":
        return [PayPlan(threshold_share=pay.thresholds_share[0])]
    seconds: tuple[float | None, ...] = (None, *pay.second_accelerators)
    caps = (float("inf"), *pay.caps_multiple)
    offers = product(pay.thresholds_share, pay.accelerators, seconds, caps)
    return [
        PayPlan(
            threshold_share=threshold,
            accelerators=((1.0, first),)
            if second is None
            else ((1.0, first), (pay.second_accelerator_from_share, second)),
            cap_payout=cap,
        )
        for threshold, first, second, cap in offers
    ]


def _checks(
    curve: PayPlan,
    cost: PlanCost,
    years: NDArray[np.float64],
    incentive: NDArray[np.int64],
) -> bool:
    """Hold a curve to its promises by other code than the one that chose it."""
    paid = curve.payout(CHECKED_ATTAINMENTS)
    mean = PayoutMoments(years, incentive).mean_cents(curve)
    return bool(
        (np.diff(paid) >= 0).all()
        and np.isclose(curve.payout(1.0), 1.0)
        and np.isclose(mean, cost.mean_cents, rtol=1e-6, atol=1.0)
    )


def curve_of(line: Mapping[str, object]) -> PayPlan:
    """Read a payout curve back from a plan's pay line."""
    bends = [(1.0, float(str(line["accelerator"])))]
    if line["second_accelerator"] is not None:
        start = float(str(line["second_accelerator_from_share"]))
        bends.append((start, float(str(line["second_accelerator"]))))
    cap = line["cap_multiple"]
    return PayPlan(
        threshold_share=float(str(line["threshold_share"])),
        accelerators=tuple(bends),
        cap_payout=float("inf") if cap is None else float(str(cap)),
    )


def accrued(
    policy: CompanyPolicy,
    in_force: Mapping[str, pl.DataFrame],
    booked: pl.DataFrame,
    *,
    through: date,
) -> list[ProofLine]:
    """Accrue commissions from actuals under the plan in force, by role.

    Parameters
    ----------
    policy : CompanyPolicy
        Target pay of the roles.
    in_force : component name to lines
        The plan that governs; its quotas and payout curves count.
    booked : frame of rep_id, month_start, role, bookings_cents
        Actual credited bookings.
    through : date
        Start of the last complete month.

    Returns
    -------
    list of ProofLine
        One per role with a curve; nobody's own pay is shown. Managers accrue on what
        their segment's sellers booked.
    """
    proofs = []
    quotas = in_force["quota"]
    pay = {role.id: role for role in policy.roles}
    leads = leading_role(policy)
    curves = in_force.get("pay", pl.DataFrame(schema=PAY_SCHEMA))
    for line in curves.sort("role").iter_rows(named=True):
        role = pay.get(str(line["role"]))
        months = sorted(m for m in quotas["month_start"].unique() if m <= through)
        if role is None or not months:
            continue
        if role == leads:
            team = led_segments(in_force, role)
            actual = led_bookings(in_force, role, booked)
        else:
            actual = booked.filter(pl.col("role") == role.id)
            team = _quota_holders(quotas, actual)
        table = _by_month(actual, team["rep_id"].to_list(), months)
        year_cents = role.ote_in_currency * role.variable_share * 100
        incentive = np.rint(
            team["heads"].to_numpy() * team["months"].to_numpy() * year_cents / 12
        )
        paid = accrue_commissions(
            curve_of(line),
            table,
            quota_cents=team["quota_cents"].to_numpy(),
            incentive_cents=incentive.astype(np.int64),
        )
        who = f"{team.height} reps"
        if role == leads:
            who = f"the teams of {team.height} segment(s)"
        proofs.append(
            ProofLine(
                solver="compensation",
                node_id=f"{role.id}{ACCRUED}",
                proof=Proof.OPTIMAL,
                unit="cents",
                objective=float(paid.sum()),
                bound=None,
                gap_share=None,
                is_verified=True,
                statement=f"{show(int(paid.sum()))} accrued on "
                f"{show(int(table.sum()))} booked by {who} from "
                f"{months[0]} to {months[-1]}, under the curve and quotas in force",
            )
        )
    return proofs


def _quota_holders(quotas: pl.DataFrame, actual: pl.DataFrame) -> pl.DataFrame:
    """Return the reps who booked and have quota, with the year's."""
    return (
        quotas.group_by("rep_id")
        .agg(
            pl.col("quota_cents").sum(),
            months=pl.col("month_start").n_unique(),
            heads=pl.lit(1.0),
        )
        .filter(pl.col("rep_id").is_in(actual["rep_id"].unique().to_list()))
        .sort("rep_id")
    )


def _by_month(
    actual: pl.DataFrame, ids: list[str], months: list[date]
) -> NDArray[np.int64]:
    """Return (n_ids, n_months) bookings."""
    table = np.zeros((len(ids), len(months)), dtype=np.int64)
    place = {one: row for row, one in enumerate(ids)}
    column = {month: at for at, month in enumerate(months)}
    for one, month, cents in actual.select(
        "rep_id", "month_start", "bookings_cents"
    ).iter_rows():
        if one in place and month in column:
            table[place[one], column[month]] += cents
    return table
