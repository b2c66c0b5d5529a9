"""Drift: false alarms, precision and delay of the weekly watch of leading measures.

The teams of `drift_detector`, in weeks: deals come in bursts (variance twice the mean),
with a season by month, by week of the quarter and over the turn of the year, growth of
-5 to 10 % a year, shocks shared by all teams of 5 % a month and a market that drifts.
Run: python -m tests.benchmarks drift_detector
"""

from dataclasses import dataclass, field

import numpy as np
from drift_detector import MEMBERS, TEAMS, gate

from ml.drift import accumulate, alarm_limit
from ml.leading import HALF_YEAR, WEEKS_A_MONTH, YEAR, leading_scores

HISTORY = 130  # weeks
BUDGET = 4.0  # false alarms a year over three measures and four levels, as the default
LEVELS = ("company", "segment", "region", "cell")
METRICS = ("pipeline_created", "win_rate", "deal_size")
BUSY, SMALL = 2.0, 0.35  # deals a team opens in a week: 336 and 59 in the company
BY_MONTH = [0.95, 1, 1.05, 1, 1, 1.05, 0.9, 0.8, 1.1, 1.05, 1.05, 0.9]
BY_WEEK = [0.9, 1, 1.1, 1.1, 1.1, 1.05, 1, 1, 1, 1, 0.95, 0.9, 0.8]  # of the quarter
MATERIAL_SHARE = 0.03  # an alarm is right where what is expected moved this far


@dataclass(frozen=True)
class Weeks:
    """Actual and due of each metric, (TEAMS, weeks), and what events did to deals."""

    size: np.ndarray  # (TEAMS, 1) deals opened a week
    actual: dict[str, np.ndarray]
    due: dict[str, np.ndarray | None]
    effect: np.ndarray


@dataclass
class Tally:
    """Alarms of many years."""

    years: int = 0
    right: int = 0
    by_year: list[int] = field(default_factory=lambda: [0, 0])

    @property
    def alarms(self) -> int:
        """All of them."""
        return sum(self.by_year)


def _market(rng: np.random.Generator, weeks: int, monthly_sd: float) -> np.ndarray:
    """Return shocks of 5 % a month on a market of autocorrelation .9 a month."""
    lasting = monthly_sd / np.sqrt(1 - 0.81)
    kept = 0.9 ** (12 / YEAR)
    state, path = rng.normal(0, lasting), np.empty(weeks)
    for week in range(weeks):
        state = kept * state + rng.normal(0, lasting * np.sqrt(1 - kept**2))
        path[week] = state
    shocks = rng.normal(0, 0.05, weeks)[np.arange(weeks) * 12 // YEAR]
    return np.exp(path + shocks)


def weeks_of(
    seed: int,
    deals_a_week: float,
    *,
    years: int = 2,
    effect: np.ndarray | None = None,
    monthly_sd: float = 0.01,
) -> Weeks:
    """Simulate history and `years`; `effect` (TEAMS, 52 years) bends deals opened."""
    rng = np.random.default_rng(seed)
    total = HISTORY + YEAR * years
    week = np.arange(total)
    size = rng.lognormal(0, 0.5, TEAMS)
    size *= deals_a_week * TEAMS / size.sum()
    season = np.array(BY_MONTH)[week * 12 // YEAR % 12] * np.array(BY_WEEK)[week % 13]
    season[week % YEAR == YEAR - 1] *= 0.5
    season[week % YEAR == 0] *= 0.7
    growth = (1 + rng.uniform(-0.05, 0.1)) ** (week / YEAR)
    bent = np.ones((TEAMS, total))
    if effect is not None:
        bent[:, HISTORY:] = effect
    mean = size[:, None] * season * growth * _market(rng, total, monthly_sd) * bent
    opened = rng.poisson(rng.gamma(mean)).astype(float)
    decided = rng.poisson(size[:, None] * season * growth, mean.shape).astype(float)
    chance = 0.25 * rng.uniform(0.6, 1.4, (TEAMS, 1)) * _market(rng, total, monthly_sd)
    won = rng.binomial(decided.astype(int), np.minimum(chance, 0.95)).astype(float)
    # deals vary by their own size, and are eight times larger in one segment
    price = 2.0 ** np.argmax(MEMBERS["segment"], axis=0)[:, None]
    price = price * _market(rng, total, monthly_sd) * 1e6
    amount = np.where(won > 0, rng.gamma(np.maximum(won, 1)), 0.0) * price
    return Weeks(
        size[:, None],
        dict(zip(METRICS, (opened, won, amount), strict=True)),
        dict(zip(METRICS, (None, decided, won), strict=True)),
        bent,
    )


def limit_of(level: str) -> float:
    """Return the limit of a node by its level's share of the budget."""
    share = BUDGET / len(LEVELS) / len(METRICS)
    return alarm_limit(len(MEMBERS[level]), share, periods_per_year=YEAR, directions=2)


def evidence(
    one: Weeks, metric: str, level: str, start: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return evidence below and above of the year from `start`, (nodes, 52)."""
    members, seen = MEMBERS[level], slice(0, start + YEAR)
    due = one.due[metric]
    scores = leading_scores(
        members @ one.actual[metric][:, seen],
        None if due is None else members @ due[:, seen],
        one.actual["pipeline_created"].sum(axis=0)[seen],
        start,
    )
    below = accumulate(scores.below, periods_per_month=WEEKS_A_MONTH).below
    above = accumulate(scores.above, periods_per_month=WEEKS_A_MONTH).above
    return below, above


def watch(one: Weeks, tally: Tally) -> None:
    """Count first alarms of each node, direction and year; each year starts anew."""
    years = (one.effect.shape[1] - HISTORY) // YEAR
    tally.years += years
    for level in LEVELS:
        members = MEMBERS[level]
        effect = members @ (one.size * one.effect) / (members @ one.size)
        for metric in METRICS:
            for year in range(years):
                start = HISTORY + YEAR * year
                usual = effect[:, start - HALF_YEAR : start].mean(axis=1)
                for sign, path in zip(
                    (-1, 1), evidence(one, metric, level, start), strict=True
                ):
                    over = path >= limit_of(level)
                    for node in np.flatnonzero(over.any(axis=1)):
                        week = start + int(over[node].argmax())
                        moved = effect[node, start : week + 1] / usual[node] - 1
                        tally.by_year[year] += 1
                        tally.right += metric == METRICS[0] and bool(
                            (sign * moved >= MATERIAL_SHARE).any()
                        )


def events(seed: int, weeks: int) -> np.ndarray:
    """Return some ten steps and decays of teams, cells, segments, regions, company."""
    rng = np.random.default_rng(seed)
    effect = np.ones((TEAMS, weeks))
    for _ in range(10):
        start = int(rng.integers(0, weeks - 13))
        kind = str(
            rng.choice(["cell", "cell", "segment", "region", "company", "decay"])
        )
        level = "segment" if kind == "decay" else kind
        rows = MEMBERS[level][rng.integers(len(MEMBERS[level]))] > 0
        change = {
            "cell": float(rng.choice([0.5, 0.7, 1.4])), "segment": 0.7, "region": 0.7,
            "company": float(rng.choice([0.8, 1.2])), "decay": 0.6,
        }[kind]  # fmt: skip
        ramp = np.ones(weeks - start)
        if kind == "decay":
            ramp = np.minimum(np.arange(1, weeks - start + 1) / 26, 1.0)
        effect[np.ix_(rows, range(start, weeks))] *= 1 - (1 - change) * ramp
    return effect


def delay(level: str, share: float, deals_a_week: float, worlds: int = 100) -> float:
    """Return the median of weeks until a node that fell by `share` alarms."""
    effect = np.ones((TEAMS, YEAR))
    effect[MEMBERS[level][0] > 0] = 1 - share
    waits = []
    for seed in range(worlds):
        one = weeks_of(5_000 + seed, deals_a_week, years=1, effect=effect)
        below, _ = evidence(one, METRICS[0], level, HISTORY)
        over = below[0] >= limit_of(level)
        waits.append(over.argmax() + 1.0 if over.any() else np.inf)
    return float(np.median(waits))


def main() -> None:
    """Print the weekly tables of docs/methods/drift.md; a missed bound fails."""
    print(f"weekly watch of {', '.join(METRICS)}, budget {BUDGET:g} a year, 60 worlds:")
    for name, deals, market in (
        ("336 deals a week", BUSY, 0.01), ("59 deals a week", SMALL, 0.01),
        ("336, market drifts 2 % a month", BUSY, 0.02),
    ):  # fmt: skip
        clean = Tally()
        for seed in range(60):
            watch(weeks_of(seed, deals, monthly_sd=market), clean)
        first, second = (count / 60 for count in clean.by_year)
        print(f"  clean, {name}: {first:.2f} the first year, {second:.2f} the second")
        gate("false alarms a year, first year", first, 1.25 * BUDGET)
        gate(
            "false alarms a year, with the second", (first + second) / 2, 1.75 * BUDGET
        )
    busy = Tally()
    for seed in range(60):
        watch(weeks_of(2_000 + seed, BUSY, effect=events(seed, 2 * YEAR)), busy)
    print(f"  worlds with events: {busy.alarms / busy.years:.1f} alarms a year")
    gate("precision", busy.right / busy.alarms, 0.80, is_least=True)
    print("  median weeks to alarm, 336 and 59 deals a week")
    found = {}
    for level, share in (
        ("company", 0.2), ("company", 0.3), ("segment", 0.3), ("region", 0.3),
        ("cell", 0.3), ("cell", 0.5),
    ):  # fmt: skip
        waits = [delay(level, share, deals) for deals in (BUSY, SMALL)]
        print(f"    {level:8} -{share:.0%}: {waits[0]:4.0f} {waits[1]:4.0f}")
        found[level, share] = waits[0]
    gate("weeks to find company -20 %", found["company", 0.2], 13)
    gate("weeks to find company -30 %", found["company", 0.3], 8)
    gate("weeks to find segment -30 %", found["segment", 0.3], 13)
    gate("weeks to find region -30 %", found["region", 0.3], 13)


if __name__ == "__main__":
    main()
