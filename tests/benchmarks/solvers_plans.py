"""Quotas, budget, tiers, pay and hiring beside what people use. CPU seconds.

Run: python tests/benchmarks/solvers_plans.py [quotas|budget|tiers|pay|hiring[:seed]]
Set OMP_NUM_THREADS=1; read the ratios.
"""

import sys
import time
from dataclasses import replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp, minimize

from solvers.allocation import allocate_budget, response_cents
from solvers.compensation import PayoutMoments, PayPlan, simulate_attainment
from solvers.hiring_risk import (
    SalesTeam,
    expected_team_cents,
    hire_table,
    hires_for_probability,
    simulate_capacity,
)
from solvers.months import spread_over_months
from solvers.quotas import split_quotas
from solvers.segmentation import assign_tiers, coverage_value


def quotas() -> None:
    """10,000 reps, four levels, twelve months, against rounding cell by cell."""
    rng = np.random.default_rng(0)
    parent = [-1]
    level = [0]
    for width in (10, 10, 10, 10):
        nodes = []
        for above in level:
            nodes += list(range(len(parent), len(parent) + width))
            parent += [above] * width
        level = nodes
    tree = np.array(parent)
    base = rng.lognormal(10, 1, tree.size) * 100
    over = np.select([tree < 0, tree == 0], [0.03, 0.02], 0.0)
    split_quotas(100, parent=np.array([-1, 0]), base_cents=np.ones(2))
    begin = time.process_time()
    plan = split_quotas(
        10**11,
        parent=tree,
        base_cents=base,
        over_assignment_share=over,
        unit_cents=100_000,
    )
    middle = time.process_time()
    season = rng.uniform(0.5, 1.5, 12)
    months = spread_over_months(
        plan.quota_cents, parent=tree, season_share=season, unit_cents=100_000
    )
    end = time.process_time()
    leaf = ~np.isin(np.arange(tree.size), tree)
    exact = plan.quota_cents[:, None] * season / season.sum()
    rounded = np.rint(exact / 1e5) * 1e5
    print(f"tree {middle - begin:.2f} s, months {end - middle:.2f} s")
    print(f"certified nodes {plan.is_certified.mean():.0%}")
    rows = (months.month_cents.sum(axis=1) == plan.quota_cents).mean()
    alone = (rounded[leaf].sum(axis=1) == plan.quota_cents[leaf]).mean()
    print(f"rows exact: ours {rows:.0%}, rounding each cell {alone:.0%}")


def budget() -> None:
    """Price of budget against SLSQP, proportional and equal splits."""
    rng = np.random.default_rng(1)
    print("| places | method | CPU s | value | gap | gap to the price bound |")
    print("|---|---|---|---|---|---|")
    for n in (20, 200, 2_000):
        top, scale = rng.uniform(1e6, 1e8, n), rng.uniform(1e5, 1e6, n)
        money, zero = int(2e5 * n), np.zeros(n)
        begin = time.process_time()
        plan = allocate_budget(
            money, top_cents=top, scale_cents=scale, unit_cents=10_000
        )
        cpu = time.process_time() - begin
        bound = plan.bound_cents
        gaps = f"{plan.gap_share:.0e} | {plan.dual_gap_share:.1e}"
        print(f"| {n} | ours | {cpu:.3f} | 1.000 | {gaps} |")
        for name, spend in (
            ("proportional", money * top / top.sum()),
            ("equal", np.full(n, money / n)),
        ):
            value = response_cents(spend, top, scale, zero).sum()
            print(f"| {n} | {name} | 0 | {value / bound:.3f} | - | - |")
        if n <= 200:
            begin = time.process_time()
            answer = minimize(
                lambda x, t=top, s=scale, z=zero: -response_cents(x, t, s, z).sum(),
                np.full(n, money / n),
                jac=lambda x, t=top, s=scale: -t / s * np.exp(-x / s),
                bounds=[(0, money)] * n,
                constraints={"type": "eq", "fun": lambda x, m=money: x.sum() - m},
                method="SLSQP",
            )
            cpu = time.process_time() - begin
            print(f"| {n} | SLSQP | {cpu:.3f} | {-answer.fun / bound:.3f} | - | - |")
    warm = np.array([900.0, 901.0])
    allocate_budget(900, top_cents=warm, scale_cents=warm, steepness=warm, unit_cents=1)
    for n, kind in ((2, ""), (50, ""), (200, ""), (2_000, ""), (100, " alike")):
        top, scale = rng.uniform(1e6, 1e8, n), rng.uniform(1e5, 1e6, n)
        steep = rng.uniform(1.2, 4.0, n)
        if kind:
            top, scale, steep = np.full(n, 1e6), np.full(n, 1e5), np.full(n, 10.0)
        money = int((2e5 if not kind else 3.7e4) * n)
        begin = time.process_time()
        plan = allocate_budget(money, top_cents=top, scale_cents=scale, steepness=steep)
        cpu = time.process_time() - begin
        spends = {
            "equal": np.full(n, money / n),
            "one by one": one_by_one(money, top, scale, steep),
        }
        share = 1 - plan.dual_gap_share
        print(
            f"| {n} S-shaped{kind} | ours, {plan.proof} | {cpu:.3f} | {share:.6f} "
            f"| {plan.gap_share:.0e} | {plan.dual_gap_share:.1e} |"
        )
        dual = plan.value_cents / share
        for name, spend in spends.items():
            value = response_cents(spend, top, scale, steep).sum() / dual
            print(f"| {n} S-shaped{kind} | {name} | - | {value:.3f} | - | - |")


def one_by_one(
    money: int, top: np.ndarray, scale: np.ndarray, steep: np.ndarray
) -> np.ndarray:
    """Give each 100 to whoever gains most from it, as for concave responses."""
    spend = np.zeros(top.size)
    for _ in range(money // 10_000):
        gain = response_cents(spend + 10_000, top, scale, steep) - response_cents(
            spend, top, scale, steep
        )
        spend[gain.argmax()] += 10_000
    return spend


def tiers() -> None:
    """Tiers of 100,000 and 1,000,000 accounts against fixed percentiles."""
    rng = np.random.default_rng(2)
    print("| accounts | CPU s | gap to the price bound | fixed percentiles |")
    print("|---|---|---|---|")
    for n in (100_000, 1_000_000):
        potential = np.rint(rng.lognormal(0, 1.2, n) * 1e6).astype(np.int64)
        worth = coverage_value(
            potential,
            saturation_cents=np.array([10**9, 5_000_000, 1_500_000, 10**6]),
            yield_share=np.array([0.3, 0.2, 0.1, 0.02]),
            cost_cents=np.array([900_000, 250_000, 40_000, 0]),
        )
        room = np.array([n // 60, n // 12, n // 3, n])
        begin = time.process_time()
        plan = assign_tiers(worth, room)
        cpu = time.process_time() - begin
        place = np.argsort(np.argsort(-potential)) / n
        habit = np.digitize(place, [0.003, 0.043, 0.193])
        value = int(worth[np.arange(n), habit].sum())
        ratio = value / plan.value_cents
        print(f"| {n:,} | {cpu:.2f} | {plan.gap_share:.1e} | {ratio:.2f} |")


def pay() -> None:
    """36,000 plans on ten million simulated rep-years, against one brute force."""
    years = simulate_attainment(
        20_000,
        mean_attainment=np.full(500, 0.95),
        rep_deviation=np.full(500, 0.35),
        common_deviation=0.12,
        seed=1,
    )
    incentive = np.full(500, 5_000_000)
    plans = [
        PayPlan(threshold_share=t, accelerators=((1.0, a), (1.2, a + b)), cap_payout=c)
        for t in np.linspace(0, 0.6, 13)
        for a in np.linspace(1, 3, 21)
        for b in np.linspace(0, 2, 11)
        for c in (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, np.inf)
    ]
    begin = time.process_time()
    moments = PayoutMoments(years, incentive)
    sort = time.process_time() - begin
    begin = time.process_time()
    costs = [moments.mean_cents(plan) for plan in plans]
    fast = time.process_time() - begin
    begin = time.process_time()
    brute = float((plans[777].payout(years) @ incentive).mean())
    slow = time.process_time() - begin
    print(f"{len(plans):,} plans {fast:.2f} s after a sort of {sort:.1f} s")
    print(f"brute force {slow:.2f} s for one; differs by {costs[777] / brute - 1:.1e}")


def sample_team(seed: int = 0) -> tuple[SalesTeam, np.ndarray, np.ndarray, np.ndarray]:
    """Six segments, four roles, twelve months."""
    rng = np.random.default_rng(seed)
    segment, role = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    money = np.array([6e6, 4e6, 2.5e6, 1.5e6])[role] * rng.uniform(0.8, 1.2, 24)
    ramp = np.array(
        [
            [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1],
            [0, 0.2, 0.5, 0.8, 1, 1, 1],
            [0.1, 0.5, 1, 1, 1, 1, 1],
            [0.2, 0.8, 1, 1, 1, 1, 1],
        ]
    )
    team = SalesTeam(
        segment_of_group=segment,
        role_of_group=role,
        heads=rng.integers(4, 15, 24),
        productivity_cents=np.tile(money[:, None], 12),
        ramp_share=ramp[role],
        monthly_hazard=np.full(24, 0.018),
        lead_months=np.array([3, 2, 2, 1])[role],
        market_deviation=0.06,
        segment_deviation=0.05,
        role_deviation=0.04,
    )
    base = np.bincount(segment, weights=expected_team_cents(team))
    target = (base * rng.uniform(1.0, 1.12, 6)).astype(np.int64)
    falls = 1 - np.arange(12) / 14
    price = np.array([2.2e7, 1.6e7, 1.1e7, 0.8e7])[role][:, None]
    cost = (price * falls + 1.5e6).astype(np.int64)
    return team, target, cost, np.full((4, 12), 8)


def sample_average(
    team: SalesTeam,
    target: np.ndarray,
    cost: np.ndarray,
    limit: np.ndarray,
    chance: float,
    seconds: float,
) -> np.ndarray | None:
    """Choose hires so that each segment holds in that share of 100 drawn years."""
    groups, months, scenarios = 24, 12, 100
    none = np.zeros((groups, months), dtype=np.int64)
    base = simulate_capacity(team, none, n_segments=6, n_years=scenarios, seed=7)
    one = np.zeros((groups, months, scenarios))
    for g in range(groups):
        # one head who never leaves shows the luck of each scenario for this group
        alone = replace(
            team,
            heads=(np.arange(groups) == g).astype(int),
            monthly_hazard=np.zeros(24),
        )
        years = simulate_capacity(alone, none, n_segments=6, n_years=scenarios, seed=7)
        luck = years[:, team.segment_of_group[g]] / team.productivity_cents[g].sum()
        one[g] = hire_table(team)[g][:, None] * luck[None, :]
    size = groups * months
    n = size + 6 * scenarios
    rows, low = [], []
    for s in range(6):
        for w in range(scenarios):
            short = max((target[s] - base[w, s]) / target[s], 0.0)
            row = np.zeros(n)
            mine = np.repeat(team.segment_of_group == s, months)
            row[:size] = np.where(mine, one[:, :, w].ravel() / target[s], 0.0)
            row[size + s * scenarios + w] = short  # this year may fail
            rows.append(row)
            low.append(short)
    for s in range(6):
        row = np.zeros(n)
        row[size + s * scenarios : size + (s + 1) * scenarios] = -1.0
        rows.append(row)
        low.append(-np.floor(scenarios * (1 - chance) + 1e-9))
    for r in range(4):
        for m in range(months):
            row = np.zeros(n)
            row[:size].reshape(groups, months)[team.role_of_group == r, m] = -1.0
            rows.append(row)
            low.append(-float(limit[r, m]))
    answer = milp(
        np.append(cost.ravel().astype(float), np.zeros(6 * scenarios)),
        constraints=LinearConstraint(np.array(rows), np.array(low), np.inf),
        integrality=np.ones(n),
        bounds=Bounds(0, np.append(np.full(size, 20), np.ones(6 * scenarios))),
        options={"time_limit": seconds},
    )
    if answer.x is None:
        return None
    return np.rint(answer.x[:size]).astype(np.int64).reshape(groups, months)


def hiring(seed: int = 0) -> None:
    """Straight lines at the quantile against sample averages of equal CPU."""
    team, target, cost, limit = sample_team(seed)
    hires_for_probability(team, target // 4, 0.5, cost_cents=cost)
    print("| promise | method | CPU s | cost M$ | hires | worst segment, fresh years |")
    print("|---|---|---|---|---|---|")

    def show(chance: float, name: str, hires: np.ndarray | None, cpu: float) -> None:
        if hires is None:
            print(f"| {chance:.0%} | {name} | {cpu:.1f} | no plan | - | - |")
            return
        years = simulate_capacity(team, hires, n_segments=6, n_years=40_000, seed=99)
        worst = (years >= target).mean(axis=0).min()
        money = (hires * cost).sum() / 1e8
        print(
            f"| {chance:.0%} | {name} | {cpu:.1f} | {money:.2f} | {hires.sum()} "
            f"| {worst:.3f} |",
            flush=True,
        )

    for chance in (0.5, 0.8, 0.9):
        begin = time.process_time()
        plan = hires_for_probability(
            team, target, chance, cost_cents=cost, recruiter_limit=limit
        )
        cpu = time.process_time() - begin
        show(chance, "lines at the quantile", plan.plan.hires, cpu)
        # HiGHS knows wall limits only: on a busy machine give more until it had as much
        seconds, spent, hires = max(cpu, 5.0), 0.0, None
        while spent < cpu and seconds < 16 * max(cpu, 5.0):
            begin = time.process_time()
            hires = sample_average(team, target, cost, limit, chance, seconds)
            spent = time.process_time() - begin
            seconds *= 2.0
        show(chance, "100 scenarios", hires, spent)


def main() -> None:
    """Run all of them."""
    for name, run in RUNS.items():
        print(f"\n## {name}")
        run()


RUNS = {
    "quotas": quotas,
    "budget": budget,
    "tiers": tiers,
    "pay": pay,
    "hiring": hiring,
}

if __name__ == "__main__":
    for asked in sys.argv[1:] or list(RUNS):
        name, _, drawn = asked.partition(":")
        print(f"\n## {asked}")
        if name == "hiring":
            hiring(int(drawn or 0))
        else:
            RUNS[name]()
