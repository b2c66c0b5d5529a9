"""Territories: our plan beside what people use, on the same book, judged alike.

Run: python tests/benchmarks/solvers_territories.py shapes [seed]
     python tests/benchmarks/solvers_territories.py peers   [seed] [shape]
     python tests/benchmarks/solvers_territories.py large   [seed] [shape ...]
     python tests/benchmarks/solvers_territories.py shocks  [seed]
Set OMP_NUM_THREADS=1. CPU seconds of this process; read the ratios. Settings of the
solver were chosen on seed 1: other seeds are held out.
"""

import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from ortools.sat.python import cp_model
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix, vstack

from solvers.certificate import (
    band_limits,
    broken_rules,
    certified_bound_cents,
    eligible_pairs,
    pair_cents,
    plan_cost_cents,
)
from solvers.infeasibility import diagnose
from solvers.problem import TerritoryProblem
from solvers.sample_books import Shape, sample_book
from solvers.territories import Objective, TerritoryPlan, assign_accounts

SHAPES = tuple(Shape)


def nearest(book: TerritoryProblem) -> np.ndarray:
    """Give every account to the cheapest rep who may own it."""
    rows = np.arange(len(book.account_ids))
    cost = np.where(eligible_pairs(book, rows), pair_cents(book, rows), np.inf)
    return cost.argmin(axis=1)


def round_robin(book: TerritoryProblem) -> np.ndarray:
    """Deal accounts, largest first, to whoever is furthest below target."""
    rows = np.arange(len(book.account_ids))
    may = eligible_pairs(book, rows)
    lower, upper = band_limits(book)
    target = np.maximum((lower[:, 0] + upper[:, 0]) / 2, 1e-9)
    load, owner = np.zeros(target.size), np.zeros(rows.size, dtype=np.intp)
    for i in np.argsort(-book.load[:, 0], kind="stable"):
        owner[i] = np.argmin(np.where(may[i], load / target, np.inf))
        load[owner[i]] += book.load[i, 0]
    return owner


def k_means(book: TerritoryProblem) -> np.ndarray:
    """Cluster each segment into equal counts, then match clusters to homes."""
    from k_means_constrained import KMeansConstrained  # only where installed
    from scipy.optimize import linear_sum_assignment

    owner = np.zeros(len(book.account_ids), dtype=np.intp)
    place = np.column_stack([book.latitude, book.longitude])
    place = np.where(np.isnan(place), np.nanmean(place, axis=0), place)
    home = np.column_stack([book.rep_latitude, book.rep_longitude])
    for s in np.unique(book.segment_of_account):
        rows = np.flatnonzero(book.segment_of_account == s)
        reps = np.flatnonzero(book.segment_of_rep == s)
        each = rows.size // reps.size
        model = KMeansConstrained(
            reps.size,
            size_min=int(each * 0.9),
            size_max=int(each * 1.1) + 1,
            random_state=0,
            n_init=1,
        ).fit(place[rows])
        far = np.linalg.norm(
            model.cluster_centers_[:, None] - home[reps][None, :], axis=2
        )
        owner[rows] = reps[linear_sum_assignment(far)[1]][model.labels_]
    return owner


def pairs_of(book: TerritoryProblem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = np.arange(len(book.account_ids))
    account, rep = np.nonzero(eligible_pairs(book, rows))
    return account, rep, pair_cents(book, rows)[account, rep]


def highs(book: TerritoryProblem, gap: float, seconds: float) -> np.ndarray | None:
    """Solve the whole model with HiGHS to a gap."""
    account, rep, cost = pairs_of(book)
    n, size, k = len(book.account_ids), account.size, len(book.rep_ids)
    column = np.arange(size)
    lower, upper = band_limits(book)
    once = coo_matrix((np.ones(size), (account, column)), shape=(n, size)).tocsr()
    rows, low, high = [once], [np.ones(n)], [np.ones(n)]
    for g in range(lower.shape[1]):
        load = coo_matrix((book.load[account, g], (rep, column)), shape=(k, size))
        rows.append(load.tocsr())
        low.append(lower[:, g])
        high.append(upper[:, g])
    answer = milp(
        cost,
        constraints=LinearConstraint(
            vstack(rows), np.concatenate(low), np.concatenate(high)
        ),
        integrality=np.ones(size),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": gap, "time_limit": seconds},
    )
    if answer.x is None:
        return None
    owner = np.zeros(n, dtype=np.intp)
    chosen = answer.x > 0.5
    owner[account[chosen]] = rep[chosen]
    return owner


def cp_sat(book: TerritoryProblem, work: float) -> np.ndarray | None:
    """Solve the whole model with CP-SAT: one worker, a hint, counted work."""
    account, rep, cost = pairs_of(book)
    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in account]
    hint = round_robin(book)
    for j, (u, r) in enumerate(zip(account, rep, strict=True)):
        model.add_hint(x[j], bool(hint[u] == r))
    by_account: dict[int, list[int]] = {}
    by_rep: dict[int, list[int]] = {}
    for j, (u, r) in enumerate(zip(account, rep, strict=True)):
        by_account.setdefault(int(u), []).append(j)
        by_rep.setdefault(int(r), []).append(j)
    for group in by_account.values():
        model.add_exactly_one([x[j] for j in group])
    lower, upper = band_limits(book)
    for g, scale in enumerate((0.01, 10.0, 1.0)):
        weight = np.rint(book.load[:, g] * scale).astype(int)
        for r, group in by_rep.items():
            load = sum(int(weight[account[j]]) * x[j] for j in group)
            if np.isfinite(upper[r, g]):
                model.add(load <= int(upper[r, g] * scale))
            model.add(load >= int(np.ceil(lower[r, g] * scale)))
    model.minimize(sum(int(c) * v for c, v in zip(cost, x, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    # counted work, several seconds of an idle machine each: a wall limit would leave
    # little CPU on a busy one
    solver.parameters.max_deterministic_time = work
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    owner = np.zeros(len(book.account_ids), dtype=np.intp)
    for j, variable in enumerate(x):
        if solver.boolean_value(variable):
            owner[account[j]] = rep[j]
    return owner


def peers(shape: Shape = Shape.BASE, seed: int = 1) -> None:
    """Print every method on one book, judged by the same checker and bound."""
    book = sample_book(5_000, 50, shape, seed=seed)
    warm_up()
    begin = time.process_time()
    plan = assign_accounts(book)
    ours = time.process_time() - begin
    bound = certified_bound_cents(book, plan.prices)
    target = plan.gap_share
    print("| method | CPU s | times ours | gap to our bound | rules | moved |")
    print("|---|---|---|---|---|---|")

    def show(name: str, owner: np.ndarray | None, cpu: float) -> None:
        if owner is None:
            print(f"| {name} | {cpu:.2f} | {cpu / ours:.0f} | no plan | - | - |")
            return
        gap = 1 - bound / plan_cost_cents(book, owner)
        broken = "; ".join(broken_rules(book, owner)) or "all kept"
        moved = (book.current_rep >= 0) & (owner != book.current_rep)
        print(
            f"| {name} | {cpu:.2f} | {cpu / ours:.0f} | {gap:.3%} | {broken} "
            f"| {moved.mean():.0%} |",
            flush=True,
        )

    show("prices + annealing (ours)", plan.rep_of_account, ours)
    runs: tuple[tuple[str, Callable[[], np.ndarray | None]], ...] = (
        ("nearest", lambda: nearest(book)),
        ("round-robin by potential", lambda: round_robin(book)),
        ("k-means-constrained + matching", lambda: k_means(book)),
        (f"HiGHS MIP to {target:.2%}", lambda: highs(book, target, 150.0)),
        ("CP-SAT from round-robin", lambda: cp_sat(book, 10.0)),
    )
    for name, run in runs:
        begin = time.process_time()
        try:
            owner = run()
        except ImportError:
            print(f"| {name} | - | - | not installed | - | - |")
            continue
        show(name, owner, time.process_time() - begin)


def warm_up() -> None:
    """Load compiled loops before anything is timed."""
    assign_accounts(sample_book(60, 4), best_effort=True)


def shapes(
    sizes: tuple[tuple[int, int], ...], wanted: tuple[Shape, ...], seed: int = 1
) -> None:
    """Print gap, rules, CPU and share of packing moves for many shapes."""
    warm_up()
    print("| book | shape | CPU s | certified gap | rules | packing | peak MB |")
    print("|---|---|---|---|---|---|---|")
    for n, k in sizes:
        for shape in wanted:
            book = sample_book(n, k, shape, seed=seed)
            begin = time.process_time()
            plan = assign_accounts(book, best_effort=True)
            cpu = time.process_time() - begin
            bound = certified_bound_cents(book, plan.prices)
            gap = 1 - bound / plan.cost_cents
            broken = "; ".join(broken_rules(book, plan.rep_of_account)) or "all kept"
            if plan.violations and not diagnose(book, name_conflict=False).is_possible:
                broken += " (no plan exists: proven)"
            moves = Counter(plan.reason[plan.is_moved].tolist())
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"| {n:,} x {k:,} | {shape} | {cpu:.2f} | {gap:.3%} | {broken} "
                f"| {moves['packing'] / max(plan.moved_count, 1):.1%} | {peak:.0f} |",
                flush=True,
            )


def shocks(seed: int = 1) -> None:
    """Print re-plans after a leaver, a hire and a shift against the full re-plan."""
    warm_up()
    book = sample_book(20_000, 200, seed=seed)
    now = replace(book, current_rep=assign_accounts(book).rep_of_account)
    again = assign_accounts(now)
    print(f"seed {seed}; unchanged book: {again.moved_count} accounts moved\n")
    print("| shock | plan | CPU share | moved | least | extra, share of full | rules |")
    print("|---|---|---|---|---|---|---|")
    for name, shocked, scope in (leaver(now), hire(now), shift(now)):
        full, whole = timed(shocked, 1.0, Objective.COST)
        scoped = replace(shocked, is_in_scope=scope)
        fewest, cpu = timed(scoped, 1.0, Objective.FEWEST_MOVES)
        least = fewest.least_moves
        most = max(full.moved_count - least, 1)
        rows = [("full re-plan", full, whole), ("scope, fewest moves", fewest, cpu)]
        for price in (3.0, 10.0):
            plan, cpu = timed(scoped, price, Objective.COST)
            rows.append((f"scope, move price {price:g}", plan, cpu))
        for kind, plan, cpu in rows:
            judged = shocked if plan is full else scoped
            broken = "; ".join(broken_rules(judged, plan.rep_of_account)) or "all kept"
            extra = (plan.moved_count - least) / most
            print(
                f"| {name} | {kind} | {cpu / whole:.2f} | {plan.moved_count} "
                f"| {least} | {extra:.2f} | {broken} |",
                flush=True,
            )


def timed(
    book: TerritoryProblem, move_price: float, objective: Objective
) -> tuple[TerritoryPlan, float]:
    """Plan a book; return the plan and its CPU seconds."""
    begin = time.process_time()
    plan = assign_accounts(
        book, move_price=move_price, objective=objective, best_effort=True
    )
    return plan, time.process_time() - begin


def leaver(book: TerritoryProblem) -> tuple[str, TerritoryProblem, np.ndarray]:
    """Take rep 3 off the roster; peers take over and ceilings are lifted."""
    gone, k = 3, len(book.rep_ids)
    keep = np.flatnonzero(np.arange(k) != gone)
    place = np.full(k, -2)
    place[keep] = np.arange(k - 1)
    scope = book.segment_of_account == book.segment_of_rep[gone]
    shocked = replace(
        book,
        rep_ids=book.rep_ids[keep],
        class_allows=book.class_allows[:, keep],
        segment_of_rep=book.segment_of_rep[keep],
        rep_weight=book.rep_weight[keep],
        ceiling=None,
        rep_latitude=book.rep_latitude[keep],
        rep_longitude=book.rep_longitude[keep],
        current_rep=place[book.current_rep],
        pinned_rep=None,
    )
    return "leaver", shocked, scope


def hire(book: TerritoryProblem) -> tuple[str, TerritoryProblem, np.ndarray]:
    """Add a half-ramped rep with all skills to the first segment."""
    shocked = replace(
        book,
        rep_ids=np.append(book.rep_ids, "z-new"),
        class_allows=np.hstack([book.class_allows, np.ones((4, 1), dtype=bool)]),
        segment_of_rep=np.append(book.segment_of_rep, 0),
        rep_weight=np.append(book.rep_weight, 0.5),
        ceiling=None,
        rep_latitude=np.append(book.rep_latitude, 40.0),
        rep_longitude=np.append(book.rep_longitude, -90.0),
    )
    return "hire", shocked, book.segment_of_account == 0


def shift(book: TerritoryProblem) -> tuple[str, TerritoryProblem, np.ndarray]:
    """Move 5 % of the first segment's accounts to the second."""
    rng = np.random.default_rng(0)
    first = np.flatnonzero(book.segment_of_account == 0)
    moved = rng.choice(first, first.size // 20, replace=False)
    segment = book.segment_of_account.copy()
    segment[moved] = 1
    shocked = replace(book, segment_of_account=segment, ceiling=None)
    return "segment shift", shocked, segment <= 1


def main() -> None:
    """Run what `make bench` has time for: every shape, the shocks, all peers."""
    shapes(((5_000, 50), (20_000, 200)), SHAPES)
    shocks()
    peers()


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "shapes"
    drawn = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    if what == "peers":
        peers(Shape(sys.argv[3]) if len(sys.argv) > 3 else Shape.BASE, drawn)
    elif what == "large":
        asked = sys.argv[3:] or ["base", "tight"]
        shapes(((100_000, 1_000),), tuple(Shape(name) for name in asked), drawn)
    elif what == "shocks":
        shocks(drawn)
    else:
        shapes(((5_000, 50), (20_000, 200)), SHAPES, drawn)
