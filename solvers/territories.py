"""Assign accounts to reps: balanced books, few and paying moves, and a proof."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from data_contracts.errors import InfeasibleError
from solvers.band_check import band_violations
from solvers.costs import book_loads, is_moved, move_cents, travel_cents
from solvers.counting import count_conflicts
from solvers.instance import Instance, prepare
from solvers.part_solver import PartPlan
from solvers.problem import TerritoryProblem
from solvers.reasons import classify_moves
from solvers.result import Proof, gap_share, whole_bound
from solvers.solve_parts import How, fewest_moves, solve_parts
from solvers.units import Part, Units, eligible_rows, merge, parts
from solvers.violation import Violation, ViolationKind

MATERIAL_SHARE = 0.002


class Objective(StrEnum):
    """What a plan makes small."""

    COST = "cost"  # travel, other pair costs and hand-overs, in cents
    FEWEST_MOVES = "fewest_moves"  # accounts that change hands, cost second


@dataclass(frozen=True, slots=True)
class TerritoryPlan:
    """Who owns which account, what that costs and how good it is.

    Rows and columns are in the caller's order. Fields about a move are zero, empty or
    -1 for accounts that keep their owner.
    """

    rep_of_account: NDArray[np.intp]  # (n_accounts,) -1 only under best effort
    proof: Proof
    cost_cents: int  # travel + other pair costs + hand-overs
    bound_cents: int  # proven by the prices: no legal plan costs less
    proven_cents: int  # best proven bound; above bound_cents after an exact search
    gap_share: float  # (cost - proven) / cost; 1.0 under best effort
    travel_cents: int
    move_cents: int  # at the move price the plan was made with
    prices: NDArray[np.float64]  # (n_reps, n_metrics) cents per unit of load
    budget_price: float  # cents per unit of disruption
    loads: NDArray[np.float64]  # (n_reps, n_metrics)
    targets: NDArray[np.float64]  # (n_reps, n_metrics)
    lower: NDArray[np.float64]  # (n_reps, n_metrics) bands
    upper: NDArray[np.float64]  # (n_reps, n_metrics) bands and ceilings; inf for none
    is_moved: NDArray[np.bool_]  # (n_accounts,) leaves an owner who is still there
    reason: NDArray[np.str_]  # (n_accounts,) a Reason, "" where the owner stays
    keep_cost_cents: NDArray[np.int64]  # (n_accounts,) price of keeping a moved one
    next_best_rep: NDArray[np.intp]  # (n_accounts,) runner-up at the prices; -1 none
    kept_incumbent: bool  # no account moved: saving was not material
    least_moves: int  # proven: no legal plan moves fewer; -1 unless asked for
    violations: tuple[Violation, ...]  # broken rules; empty unless best effort
    notes: tuple[str, ...]  # odd input that was worked around

    @property
    def moved_count(self) -> int:
        """Return how many accounts leave an owner who is still there."""
        return int(self.is_moved.sum())


def assign_accounts(
    problem: TerritoryProblem,
    *,
    move_price: float = 1.0,
    best_effort: bool = False,
    material_share: float = MATERIAL_SHARE,
    objective: Objective = Objective.COST,
    effort: float = 1.0,
    seed: int = 0,
    workers: int = 1,
) -> TerritoryPlan:
    """Find the cheapest plan that keeps every rule, and prove how cheap any could be.

    Parameters
    ----------
    problem : TerritoryProblem
        Accounts, reps and rules; see its fields for shapes and units.
    move_price : float, >= 0, default 1.0
        Multiplies move costs: above 1 for mid-year repairs that should move little.
    best_effort : bool, default False
        Where the rules cannot hold together, return the nearest plan labelled
        ``BEST_EFFORT`` with every miss listed, instead of failing.
    material_share : float, >= 0, default 0.002
        Today's owners are kept, where they are legal, unless a new plan saves more
        than this share of the cost. Decided for each independent part of the book.
    objective : Objective, default COST
        ``FEWEST_MOVES`` moves as few accounts as it can, then as cheaply as it can;
        ``least_moves``, ``prices`` and ``gap_share`` then count accounts, and no cost
        bound is claimed (``bound_cents`` is 0).
    effort : float, > 0, default 1.0
        Multiplies the search: proposals and deterministic time, never seconds.
    seed : int, default 0
        Same problem, effort and seed: same bytes, in any row order.
    workers : int, >= 1, default 1
        Processes that share out independent parts (segments). Same bytes with any
        number; each process takes a second or two to start, so ask for them where a
        plan takes longer.

    Returns
    -------
    TerritoryPlan
        Unless best effort, every account has an eligible owner, pins, locks, families
        and blocks hold and all books are within their bands. ``bound_cents`` can be
        re-derived with :func:`solvers.certificate.certified_bound_cents`.

    Raises
    ------
    ValueError
        If ids repeat, shapes differ or a number is negative or NaN.
    InfeasibleError
        If rules contradict, somebody's accounts have no eligible rep, or no plan
        within the bands exists or was found; the message says which.

    Notes
    -----
    Lagrangian prices of the bands (soft-min dual, L-BFGS), annealed shifts and swaps
    on the contested accounts, exact repair of the last books by CP-SAT; problems of a
    few thousand pairs are then solved exactly. See docs/methods/territories.md.

    References
    ----------
    .. [1] Zoltners & Sinha, "Sales Territory Alignment: A Review and Model",
       Management Science 29(11), 1983, doi:10.1287/mnsc.29.11.1237.
    .. [2] Fisher, Jaikumar & Van Wassenhove, "A Multiplier Adjustment Method for the
       Generalized Assignment Problem", Management Science 32(9), 1986.

    Examples
    --------
    >>> import numpy as np
    >>> plan = assign_accounts(TerritoryProblem(
    ...     account_ids=np.array(["a", "b", "c", "d"]), rep_ids=np.array(["x", "y"]),
    ...     metric_names=("potential",), tolerance=np.array([0.1]),
    ...     load=np.array([[60.0], [40.0], [50.0], [50.0]]),
    ...     current_rep=np.array([0, 0, 0, 1]),
    ...     move_cost_cents=np.array([900, 900, 700, 900])))
    >>> plan.rep_of_account.tolist(), plan.cost_cents, plan.proof.value
    ([0, 0, 1, 1], 700, 'optimal')
    >>> plan.reason.tolist()
    ['', '', 'balance', '']
    """
    if not (move_price >= 0 and material_share >= 0 and effort > 0):
        raise ValueError("move_price, material_share and effort must not be negative")
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be at least 1")
    counts_moves = objective is Objective.FEWEST_MOVES
    instance = prepare(problem)
    units = merge(instance)
    faults = count_conflicts(instance, units)
    if instance.n_reps:
        faults = (*units.faults, *faults)
    if faults and not best_effort:
        _refuse(faults)

    is_repair = not instance.is_in_scope.all()
    how = How(material_share, effort, seed, is_repair or counts_moves)
    if counts_moves:
        pieces, plans = fewest_moves(instance, units, how, workers)
    else:
        pieces = parts(instance, units, move_price=move_price)
        plans = solve_parts(pieces, how, workers)
    rep = _owners(units, pieces, plans)
    result = _Assembly(instance, units, pieces, plans, rep, move_price, objective)
    return result.plan(faults, best_effort=best_effort)


def _owners(
    units: Units, pieces: list[Part], plans: list[PartPlan]
) -> NDArray[np.intp]:
    """Return the rep of every account, -1 for none."""
    owner = np.full(units.n_units + 1, -1, dtype=np.intp)
    for piece, plan in zip(pieces, plans, strict=True):
        owner[piece.units] = piece.reps[plan.owner]
    rep = np.where(units.unit_of_account >= 0, owner[units.unit_of_account], -1)
    return np.where(units.fixed_rep >= 0, units.fixed_rep, rep)


def _refuse(violations: tuple[Violation, ...]) -> None:
    """Raise the first violation, saying how many more there are."""
    first, more = violations[0], len(violations) - 1
    rest = f" (and {more} more)" if more else ""
    raise InfeasibleError(first.what + rest, fix=f"{first.fix}, or ask for best effort")


@dataclass(frozen=True, slots=True)
class _Assembly:
    """Everything known once all parts are solved, in sorted order."""

    instance: Instance
    units: Units
    pieces: list[Part]
    plans: list[PartPlan]
    rep: NDArray[np.intp]
    move_price: float
    objective: Objective

    def plan(
        self, faults: tuple[Violation, ...], *, best_effort: bool
    ) -> TerritoryPlan:
        """Check the plan, price it and put it in the caller's order."""
        instance, rep = self.instance, self.rep
        loads = book_loads(instance, rep)
        violations, inherited = self._judge(loads, faults)
        if violations and not best_effort:
            self._give_up(violations)
        travel = travel_cents(instance, rep)
        moves = move_cents(instance, rep, self.move_price)
        cost = int(travel.sum()) + int(moves.sum())
        moved = is_moved(instance, rep)
        spent = np.where(moved, 1.0, 0.0) if self.counts_moves else travel + moves
        goal = int(spent.sum())
        settled = int(spent[self.units.unit_of_account < 0].sum())
        priced = settled + sum(p.bound for p in self.plans)
        bound = min(max(math.floor(priced), 0), goal)
        proven = settled + sum(max(p.bound, p.exact_bound) for p in self.plans)
        least = min(max(whole_bound(proven), bound), goal)
        proof = Proof.OPTIMAL if least == goal else Proof.FEASIBLE
        gap = gap_share(goal, least)
        if violations:
            proof, gap = Proof.BEST_EFFORT, 1.0
        prices = np.zeros_like(instance.lower)
        for piece, part_plan in zip(self.pieces, self.plans, strict=True):
            prices[piece.reps] = part_plan.load_price
        keep, cheaper, runner = self._alternatives()
        to_account, to_rep = _back(instance.account_order), _back(instance.rep_order)
        who = np.append(instance.rep_order, -1)  # -1 stays -1
        reason = classify_moves(
            instance, self.units, rep, self._owner_may(), keep, cheaper
        )
        price = np.where(moved, np.maximum(np.rint(keep), 0.0), 0.0)
        return TerritoryPlan(
            rep_of_account=who[rep][to_account],
            proof=proof,
            cost_cents=cost,
            bound_cents=0 if self.counts_moves else bound,
            proven_cents=0 if self.counts_moves else least,
            gap_share=gap,
            travel_cents=int(travel.sum()),
            move_cents=int(moves.sum()),
            prices=prices[to_rep],
            budget_price=max((p.budget_price for p in self.plans), default=0.0),
            loads=loads[to_rep],
            targets=instance.target[to_rep],
            lower=instance.lower[to_rep],
            upper=instance.upper[to_rep],
            is_moved=moved[to_account],
            reason=reason[to_account],
            keep_cost_cents=price.astype(np.int64)[to_account],
            next_best_rep=who[runner][to_account],
            kept_incumbent=not moved.any(),
            least_moves=least if self.counts_moves else -1,
            violations=violations,
            notes=(*instance.notes, *inherited),
        )

    @property
    def counts_moves(self) -> bool:
        """Return whether the goal is a number of accounts."""
        return self.objective is Objective.FEWEST_MOVES

    def _judge(
        self, loads: NDArray[np.float64], faults: tuple[Violation, ...]
    ) -> tuple[tuple[Violation, ...], tuple[str, ...]]:
        """Separate rules this plan breaks from misses it inherited out of scope."""
        instance = self.instance
        out = band_violations(instance, loads)
        own, inherited = [], []
        touched = np.zeros(instance.n_reps, dtype=bool)
        for piece in self.pieces:
            touched[piece.reps] = True
        frozen = ~touched & (not instance.is_in_scope.all())
        place = _back(instance.rep_order)
        for violation in out:
            if frozen[place[violation.rep]]:
                inherited.append(f"outside this scope: {violation.what}")
            else:
                own.append(violation)
        if np.isfinite(instance.disruption_budget):
            moved = is_moved(instance, self.rep)
            used = float(instance.disruption[moved].sum())
            over = used - instance.disruption_budget
            if over > 1e-9 * abs(instance.disruption_budget):
                own.append(
                    Violation(
                        ViolationKind.BUDGET,
                        f"the plan moves {used:,.6g}, the disruption budget allows "
                        f"{instance.disruption_budget:,.6g}",
                        f"raise the disruption budget by {over:,.6g}",
                        amount=over,
                    )
                )
        lasting = tuple(f for f in faults if not f.is_band)
        return (*lasting, *own), tuple(inherited)

    def _give_up(self, violations: tuple[Violation, ...]) -> None:
        """Say whether no plan exists or none was found, and raise."""
        first, more = violations[0], len(violations) - 1
        if any(p.is_proven_infeasible for p in self.plans):
            start = "no plan keeps every rule: the nearest misses with"
        else:
            start = "no plan was found that keeps every rule; the nearest misses with"
        rest = f" (and {more} more)" if more else ""
        raise InfeasibleError(
            f"{start} {first.what}{rest}", fix=f"{first.fix}, or ask for best effort"
        )

    def _owner_may(self) -> NDArray[np.bool_]:
        """Return where rules would let an account stay with today's owner."""
        instance = self.instance
        may = np.zeros(instance.n_accounts, dtype=bool)
        owned = np.flatnonzero(instance.current_rep >= 0)
        step = max(4_000_000 // max(instance.n_reps, 1), 1)
        for first in range(0, owned.size, step):
            some = owned[first : first + step]
            rows = eligible_rows(instance, some)
            may[some] = rows[np.arange(some.size), instance.current_rep[some]]
        return may

    def _alternatives(
        self,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
        """Return keeping price, plain saving and runner-up of every account."""
        n = self.instance.n_accounts
        keep, cheaper = np.zeros(n), np.zeros(n)
        runner = np.full(n, -1, dtype=np.intp)
        n_units = self.units.n_units
        by_unit = np.zeros((n_units, 2))
        second = np.full(n_units, -1, dtype=np.intp)
        for piece, part_plan in zip(self.pieces, self.plans, strict=True):
            by_unit[piece.units, 0] = part_plan.keep_cents
            by_unit[piece.units, 1] = part_plan.cheaper_cents
            local = part_plan.runner_up
            second[piece.units] = np.where(local >= 0, piece.reps[local], -1)
        free = self.units.unit_of_account >= 0
        unit = self.units.unit_of_account[free]
        keep[free], cheaper[free] = by_unit[unit, 0], by_unit[unit, 1]
        runner[free] = second[unit]
        new_owner = self.rep != self.instance.current_rep
        return keep, cheaper, np.where(new_owner, runner, -1)


def _back(order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the place of every caller's row among the sorted ones."""
    place = np.empty(order.size, dtype=np.intp)
    place[order] = np.arange(order.size)
    return place
