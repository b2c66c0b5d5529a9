"""Decide whom to hire, where and when, so that a capacity gap closes cheaply."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from data_contracts.errors import InfeasibleError
from data_contracts.money import show
from solvers.result import Proof, gap_share, whole_bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """How many heads one manager can lead, and who leads today."""

    heads_per_manager: float
    managers: NDArray[np.float64]  # (n_segments,) on board; a part leads elsewhere too
    team_heads: NDArray[np.float64]  # (n_segments, n_months) expected, without hires
    lead_months: NDArray[np.int64]  # (n_groups,) of a hire, decision to first day
    manager_lead_months: int
    manager_cost_cents: NDArray[np.int64]  # (n_segments, n_months) decided that month


@dataclass(frozen=True, slots=True, kw_only=True)
class HiringProblem:
    """What may be hired and what it brings. A group is one role in one segment."""

    group_names: tuple[str, ...]
    segment_of_group: NDArray[np.intp]  # (n_groups,) column of need_cents
    role_of_group: NDArray[np.intp]  # (n_groups,) row of recruiter_limit
    contribution_cents: NDArray[
        np.float64
    ]  # (n_groups, n_months) by year end, per hire
    cost_cents: NDArray[np.int64]  # (n_groups, n_months) per hire decided that month
    need_cents: NDArray[np.int64]  # (n_segments,) capacity missing; <= 0 none
    recruiter_limit: NDArray[np.int64] | None = None  # (n_roles, n_months) hires;
    # a single row limits all roles together, managers included
    group_limit: NDArray[np.int64] | None = None  # (n_groups,) hires in the year
    budget_cents: int | None = None  # managers included
    spans: Spans | None = None  # hires beyond a span need a manager first

    @property
    def recruiter_of_group(self) -> NDArray[np.intp]:
        """Return the row of `recruiter_limit` that each group's hires count in."""
        limit = self.recruiter_limit
        is_shared = limit is not None and limit.shape[0] == 1
        return np.zeros_like(self.role_of_group) if is_shared else self.role_of_group


@dataclass(frozen=True, slots=True)
class HiringPlan:
    """Hires by group and month of decision, with what they cost and close."""

    hires: NDArray[np.int64]  # (n_groups, n_months)
    manager_hires: NDArray[np.int64]  # (n_segments, n_months); 0 without spans
    cost_cents: int  # managers included
    bound_cents: int  # no plan that closes the gap costs less
    gap_share: float
    closed_cents: NDArray[np.int64]  # (n_segments,) expected capacity added
    missing_cents: NDArray[
        np.int64
    ]  # (n_segments,) still missing; 0 unless best effort
    last_useful_month: NDArray[
        np.intp
    ]  # (n_groups,) last month a hire still brings; -1
    proof: Proof


def plan_hires(
    problem: HiringProblem, *, best_effort: bool = False, effort: float = 10.0
) -> HiringPlan:
    """Find the cheapest hires that close every segment's expected capacity gap.

    Parameters
    ----------
    problem : HiringProblem
        Contributions usually come from :func:`solvers.capacity.capacity_per_hire`,
        summed over months.
    best_effort : bool, default False
        Close as much as the limits allow, first, and then as cheaply as possible.
    effort : float, deterministic seconds, default 10.0
        Budget of the exact search; counts work, not time, so answers repeat.

    Returns
    -------
    HiringPlan
        Recruiter and group limits and the budget always hold. Without best effort
        ``missing_cents`` is zero.

    Raises
    ------
    ValueError
        If shapes differ or a number is negative.
    InfeasibleError
        If the gap cannot be closed within limits and budget.

    Notes
    -----
    Whole-number covering programme, solved by CP-SAT with one worker. Money is
    counted in whole dollars inside: contributions are rounded down, so a plan never
    promises more than it brings.

    Examples
    --------
    >>> year = HiringProblem(
    ...     group_names=("AE",), segment_of_group=np.array([0]),
    ...     role_of_group=np.array([0]),
    ...     contribution_cents=np.array([[50_000.0, 20_000.0]]),
    ...     cost_cents=np.array([[30_000, 16_000]]), need_cents=np.array([90_000]))
    >>> plan = plan_hires(year)
    >>> plan.hires.tolist(), plan.cost_cents, plan.proof.value
    ([[2, 0]], 60000, 'optimal')
    """
    _check(problem)
    n_groups, n_months = problem.contribution_cents.shape
    brings = np.floor(problem.contribution_cents / 100.0).astype(np.int64)
    need = np.maximum(-(-problem.need_cents // 100), 0)
    model = cp_model.CpModel()
    most = _most_hires(problem, brings, need)
    x = {
        (i, m): model.new_int_var(0, int(most[i, m]), f"hire_{i}_{m}")
        for i in range(n_groups)
        for m in range(n_months)
        if most[i, m] > 0
    }
    managers = _managers(model, problem, x)
    costs = [int(problem.cost_cents[i, m]) * v for (i, m), v in x.items()]
    if problem.spans is not None:
        price = problem.spans.manager_cost_cents
        costs += [int(price[s, m]) * v for (s, m), v in managers.items()]
    _limits(model, problem, x, managers, costs)
    missing = [
        model.new_int_var(0, int(n) if best_effort else 0, f"missing_{s}")
        for s, n in enumerate(need)
    ]
    for s in range(need.size):
        terms = [
            int(brings[i, m]) * x[i, m]
            for i, m in x
            if problem.segment_of_group[i] == s
        ]
        model.add(sum(terms) + missing[s] >= int(need[s]))
    if best_effort:
        model.minimize(sum(missing))
        status, solver = _solve(model, effort)
        shortest = round(solver.objective_value) if _found(status) else 0
        model.add(sum(missing) <= shortest)
        _hint(model, solver, [*x.values(), *managers.values(), *missing])
    model.minimize(sum(costs))
    status, solver = _solve(model, effort)
    if not _found(status):
        raise InfeasibleError(*_why(problem, brings, need, status))
    hires = np.zeros((n_groups, n_months), dtype=np.int64)
    for (i, m), variable in x.items():
        hires[i, m] = solver.value(variable)
    leads = np.zeros((need.size, n_months), dtype=np.int64)
    for (s, m), variable in managers.items():
        leads[s, m] = solver.value(variable)
    short = np.array([solver.value(v) for v in missing], dtype=np.int64) * 100
    return _plan(problem, hires, leads, short, solver.best_objective_bound)


def _found(status: cp_model.CpSolverStatus) -> bool:
    return status in (cp_model.OPTIMAL, cp_model.FEASIBLE)


def _solve(
    model: cp_model.CpModel, effort: float
) -> tuple[cp_model.CpSolverStatus, cp_model.CpSolver]:
    """Run CP-SAT the repeatable way: one worker, fixed seed, counted work."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = effort
    return solver.solve(model), solver


def _hint(
    model: cp_model.CpModel,
    solver: cp_model.CpSolver,
    variables: list[cp_model.IntVar],
) -> None:
    """Start the next search from the last answer."""
    for variable in variables:
        model.add_hint(variable, solver.value(variable))


def _most_hires(
    problem: HiringProblem, brings: NDArray[np.int64], need: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return a safe upper limit per cell: never more than closes the gap alone."""
    wanted = need[problem.segment_of_group][:, None]
    most = np.where(brings > 0, -(-wanted // np.maximum(brings, 1)), 0)
    if problem.recruiter_limit is not None:
        most = np.minimum(most, problem.recruiter_limit[problem.recruiter_of_group])
    if problem.group_limit is not None:
        most = np.minimum(most, problem.group_limit[:, None])
    return most


def _managers(
    model: cp_model.CpModel,
    problem: HiringProblem,
    x: dict[tuple[int, int], cp_model.IntVar],
) -> dict[tuple[int, int], cp_model.IntVar]:
    """Add hires of managers and the rule that nobody leads more than a span.

    Hires count as present from their first day to the year's end: a span never rests
    on somebody leaving. A team that is over its span today may stay so, not grow.
    """
    spans = problem.spans
    if spans is None:
        return {}
    n_segments, n_months = spans.team_heads.shape
    most = int(sum(v.proto.domain[-1] for v in x.values())) + 1
    g = {
        (s, m): model.new_int_var(0, most, f"manager_{s}_{m}")
        for s in range(n_segments)
        for m in range(n_months)
    }
    for s in range(n_segments):
        for month in range(n_months):
            led = [
                v
                for (i, m), v in x.items()
                if problem.segment_of_group[i] == s
                and m + int(spans.lead_months[i]) <= month
            ]
            if not led:
                continue
            room = spans.heads_per_manager * float(spans.managers[s])
            room = max(room - float(spans.team_heads[s, month]), 0.0)
            on_board = [
                g[s, m]
                for m in range(n_months)
                if m + spans.manager_lead_months <= month
            ]
            # in thousandths of a head, rounded so that a span is never passed
            each = int(spans.heads_per_manager * 1000)
            model.add(1000 * sum(led) <= int(room * 1000) + each * sum(on_board))
    return g


def _limits(
    model: cp_model.CpModel,
    problem: HiringProblem,
    x: dict[tuple[int, int], cp_model.IntVar],
    managers: dict[tuple[int, int], cp_model.IntVar],
    costs: Sequence[cp_model.LinearExprT],
) -> None:
    """Add recruiters, group limits and the budget."""
    if problem.recruiter_limit is not None:
        for role, month in np.ndindex(problem.recruiter_limit.shape):
            chosen = [
                v
                for (i, m), v in x.items()
                if m == month and problem.recruiter_of_group[i] == role
            ]
            if problem.recruiter_limit.shape[0] == 1:
                chosen += [v for (_, m), v in managers.items() if m == month]
            model.add(sum(chosen) <= int(problem.recruiter_limit[role, month]))
    if problem.group_limit is not None:
        for group, limit in enumerate(problem.group_limit):
            model.add(sum(v for (i, _), v in x.items() if i == group) <= int(limit))
    if problem.budget_cents is not None:
        model.add(sum(costs) <= problem.budget_cents)


def _plan(
    problem: HiringProblem,
    hires: NDArray[np.int64],
    leads: NDArray[np.int64],
    short: NDArray[np.int64],
    bound: float,
) -> HiringPlan:
    """Turn a table of hires into the result with its proof."""
    cost = int((hires * problem.cost_cents).sum())
    if problem.spans is not None:
        cost += int((leads * problem.spans.manager_cost_cents).sum())
    brought = (hires * problem.contribution_cents).sum(axis=1)
    closed = np.bincount(
        problem.segment_of_group, weights=brought, minlength=problem.need_cents.size
    )
    least = min(whole_bound(bound), cost)
    proof = Proof.OPTIMAL if least == cost else Proof.FEASIBLE
    useful = problem.contribution_cents > 0
    last = useful.shape[1] - 1 - np.argmax(useful[:, ::-1], axis=1)
    return HiringPlan(
        hires=hires,
        manager_hires=leads,
        cost_cents=cost,
        bound_cents=least,
        gap_share=gap_share(cost, least),
        closed_cents=np.floor(closed).astype(np.int64),
        missing_cents=short,
        last_useful_month=np.where(useful.any(axis=1), last, -1).astype(np.intp),
        proof=Proof.BEST_EFFORT if short.any() else proof,
    )


def _why(
    problem: HiringProblem,
    brings: NDArray[np.int64],
    need: NDArray[np.int64],
    status: cp_model.CpSolverStatus,
) -> tuple[str, str]:
    """Say in a planner's words why no plan closes the gap."""
    if status == cp_model.UNKNOWN:
        return (
            "the search for hires ended before it found a plan or proved there is none",
            "raise effort, or ask for best effort",
        )
    most = _most_hires(problem, brings, need)
    reach = np.bincount(
        problem.segment_of_group,
        weights=(most * brings).sum(axis=1),
        minlength=need.size,
    )
    for s in np.flatnonzero(reach < need):
        return (
            f"segment {s} misses {show(int(need[s]) * 100)} of capacity and hires can "
            f"bring at most {show(int(reach[s]) * 100)} this year",
            "hire earlier, raise the recruiter limit, or lower the target",
        )
    return (
        f"no hires within recruiter limits and budget close all gaps of "
        f"{show(int(need.sum()) * 100)}",
        "raise the budget or the recruiter limit, or ask for best effort",
    )


def _check(problem: HiringProblem) -> None:
    """Raise ValueError where shapes or signs are wrong."""
    shape = (len(problem.group_names), problem.contribution_cents.shape[-1])
    if problem.contribution_cents.shape != shape or problem.cost_cents.shape != shape:
        raise ValueError("contribution_cents and cost_cents are (n_groups, n_months)")
    if (problem.contribution_cents < 0).any() or (problem.cost_cents < 0).any():
        raise ValueError("contribution_cents and cost_cents must not be negative")
    if problem.segment_of_group.max(initial=-1) >= problem.need_cents.size:
        raise ValueError("segment_of_group points past need_cents")
    limit = problem.recruiter_limit
    if limit is not None and (
        limit.shape != (limit.shape[0], shape[1])
        or problem.recruiter_of_group.max(initial=-1) >= limit.shape[0]
    ):
        raise ValueError("recruiter_limit is (n_roles, n_months), or (1, n_months)")
