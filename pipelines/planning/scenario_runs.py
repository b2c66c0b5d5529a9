"""Run scenarios beside each other on one night's facts, and explain what differs.

Facts and forecasts are read once, and a step (books, people, quotas, pay …) is worked
out once for all scenarios that ask it the same; every process has its own scenarios.
"""

import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import polars as pl

from pipelines.planning.computing import PlanInputs, books_key, compute
from pipelines.planning.cycle import Content, PlanDraft, first_books
from pipelines.planning.memory import Memory
from pipelines.planning.overrides import wishes_of, with_owners
from pipelines.planning.scenarios import Scenario, drivers_of
from pipelines.planning.territories import Books

Measures = dict[str, int]


@dataclass(frozen=True, slots=True)
class Step:
    """What one driver adds to every measure, those before it already in place."""

    driver: str
    change: Measures


@dataclass(frozen=True, slots=True)
class ScenarioRun:
    """A scenario's plan, what it was made from, and its bridge from the base plan."""

    scenario: Scenario
    inputs: PlanInputs
    draft: PlanDraft
    base: Measures
    steps: tuple[Step, ...]

    @property
    def measures(self) -> Measures:
        """The base with every step added; those of the scenario's plan."""
        return measures_of(self.draft.content)


class Runner:
    """Plans on one night's facts; no step is worked out twice from the same inputs."""

    def __init__(
        self,
        base: PlanInputs,
        books: Mapping[str, Books] | None = None,
        measures: Measures | None = None,
    ):
        self._base = base
        self._books = dict(books or {})
        self._measures = measures
        self._memory = Memory()

    @property
    def books(self) -> Mapping[str, Books]:
        """Every territory question answered so far."""
        return self._books

    def plan(self, inputs: PlanInputs) -> PlanDraft:
        """Plan from inputs, with books from before where the question is the same."""
        key = books_key(inputs)
        if key not in self._books:
            told = inputs.told or {}
            wishes = wishes_of(inputs.overrides, lambda n, part: told[n, part])
            asked = with_owners(inputs.facts, wishes, inputs.plan)
            self._books[key] = first_books(asked, inputs.forecasts, inputs.plan)
        return compute(inputs, books=self._books[key], memory=self._memory)

    def base_measures(self) -> Measures:
        """Return what the plan without any scenario comes to."""
        if self._measures is None:
            self._measures = measures_of(self.plan(self._base).content)
        return self._measures

    def run(self, scenario: Scenario) -> ScenarioRun:
        """Plan a scenario, one driver after another, so that the steps add up.

        Raises
        ------
        PolicyError
            If the scenario's policy breaks a rule or makes the plan impossible.
        InfeasibleError
            If a solver proves that the ask cannot be met.
        """
        drivers = drivers_of(scenario, self._base.facts.policy)
        before = self.base_measures()
        inputs, draft, steps = self._base, None, []
        for driver in drivers:
            inputs = driver.apply(inputs)
            draft = self.plan(inputs)
            now = measures_of(draft.content)
            change = {name: now[name] - before[name] for name in now}
            steps.append(Step(driver.name, change))
            before = now
        return ScenarioRun(
            scenario=scenario,
            inputs=inputs,
            draft=draft or self.plan(self._base),
            base=self.base_measures(),
            steps=tuple(steps),
        )


def run_scenarios(
    base: PlanInputs, scenarios: Sequence[Scenario], *, workers: int = 1
) -> list[ScenarioRun]:
    """Run scenarios, in so many processes; the answers do not depend on how many.

    Parameters
    ----------
    base : PlanInputs
        Of a whole plan: what every scenario departs from.
    scenarios : sequence of Scenario
    workers : int, >= 1
        Processes; each takes a second or two to start.

    Returns
    -------
    list of ScenarioRun
        In the order given.
    """
    runner = Runner(base)
    runner.base_measures()
    if workers == 1 or len(scenarios) < 2:
        return [runner.run(scenario) for scenario in scenarios]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(workers, len(scenarios)),
        mp_context=context,
        initializer=_begin,
        initargs=(base, dict(runner.books), runner.base_measures()),
    ) as pool:
        return list(pool.map(_run, scenarios))


def measures_of(content: Content) -> Measures:
    """Return what a plan comes to: one whole number per measure, in a fixed order.

    Money is in cents over the plan's months, counts are of people and accounts.
    """
    company = content["target"].filter(pl.col("node_level") == "company")
    target = _sum(company.filter(pl.col("measure") == "bookings"), "value_cents")
    capacity = _sum(content["capacity"], "capacity_cents")
    moved = content["assignment"].filter(pl.col("is_moved"))
    found = {
        "target_cents": target,
        "capacity_cents": capacity,
        "gap_cents": target - capacity,
        "quota_cents": _sum(content["quota"], "quota_cents"),
        "hires_count": _sum(content["hire"], "hires_count"),
        "target_pay_cents": _sum(content["compensation"], "target_pay_cents"),
        "variable_pay_cents": _sum(content["compensation"], "variable_cents"),
        "moved_accounts_count": moved.height,
        "moved_potential_cents": _sum(moved, "potential_cents"),
        "move_cost_cents": _sum(moved, "move_cost_cents"),
    }
    for measure in ("revenue", "gross_margin", "sales_cost"):
        told = company.filter(pl.col("measure") == measure)
        found[f"{measure}_cents"] = _sum(told, "value_cents")
    closing = company.filter(pl.col("measure") == "arr_closing").sort("month_start")
    found["arr_closing_cents"] = _sum(closing.tail(1), "value_cents")
    if "allocation" in content:
        found["programme_spend_cents"] = _sum(content["allocation"], "spend_cents")
        found["programme_value_cents"] = _sum(content["allocation"], "value_cents")
    return found


_RUNNERS: list[Runner] = []
"""The one runner of a worker process; processes share nothing else."""


def _begin(base: PlanInputs, books: Mapping[str, Books], measures: Measures) -> None:
    _RUNNERS[:] = [Runner(base, books, measures)]


def _run(scenario: Scenario) -> ScenarioRun:
    return _RUNNERS[0].run(scenario)


def _sum(frame: pl.DataFrame, column: str) -> int:
    return int(frame[column].fill_null(0).sum())
