"""How many heads the managers on board can lead, and the managers that hires need."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data_contracts.policy import CompanyPolicy
from pipelines.planning.inputs import Facts
from pipelines.planning.managers import helpers_by_segment
from pipelines.planning.people import Team
from pipelines.planning.targets import Horizon
from solvers.hiring import HiringPlan, Spans


def paid_cents(
    policy: CompanyPolicy, roles: Sequence[str], plan: Horizon
) -> NDArray[np.int64]:
    """Return (n_roles, n_months) target pay this year of a hire decided in a month."""
    pay = {role.id: role.ote_in_currency * 100 / 12 for role in policy.roles}
    n_months = len(plan.month_starts)
    months = n_months - np.arange(n_months) - policy.capacity.hire_lead_time_months
    paid = [np.rint(pay[role] * np.maximum(months, 0)) for role in roles]
    return np.array(paid).reshape(len(roles), n_months).astype(np.int64)


def spans_of(
    facts: Facts, teams: Sequence[Team], segments: Sequence[str], plan: Horizon
) -> Spans | None:
    """Return who leads today and how many each may lead; None without a span.

    Parameters
    ----------
    teams, segments : sellers by segment and role, and the order of segments
    plan : Horizon

    Returns
    -------
    Spans or None
        Managers of a segment lead there; those of no segment, or of one without
        sellers, are shared out by heads. Heads are those expected without hires.
    """
    limits = facts.policy.capacity
    if limits.heads_per_manager_count is None:
        return None
    n_months = len(plan.month_starts)
    heads = np.zeros((len(segments), n_months))
    nobody = np.zeros(n_months, dtype=np.int64)
    for team in teams:
        carried = team.carried(nobody, plan)["heads"].to_numpy()
        heads[segments.index(team.segment_id)] += carried
    first = heads[:, 0] if n_months else np.zeros(len(segments))
    price = paid_cents(facts.policy, [limits.manager_role], plan)
    return Spans(
        heads_per_manager=limits.heads_per_manager_count,
        managers=helpers_by_segment(facts, limits.manager_role, list(segments), first),
        team_heads=heads,
        lead_months=np.full(len(teams), limits.hire_lead_time_months),
        manager_lead_months=limits.hire_lead_time_months,
        manager_cost_cents=np.tile(price, (len(segments), 1)),
    )


def manager_rows(
    policy: CompanyPolicy, found: HiringPlan, segments: Sequence[str], plan: Horizon
) -> list[dict[str, object]]:
    """Return one hire line per segment and month in which managers start."""
    limits = policy.capacity
    return [
        {
            "segment_id": segments[place],
            "role": limits.manager_role,
            "month_start": plan.month_starts[month + limits.hire_lead_time_months],
            "hires_count": int(found.manager_hires[place, month]),
            "reason": f"leads hires in {segments[place]} that nobody on board can: "
            f"at most {limits.heads_per_manager_count:g} heads to a manager",
        }
        for place, month in np.argwhere(found.manager_hires > 0).tolist()
    ]
