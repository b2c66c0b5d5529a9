"""Repair spends no search on misses that no unit can mend, and mends the others."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers import part_solver
from solvers import repair as repairing
from solvers.instance import prepare
from solvers.mending import all_units, can_mend, least_misses
from solvers.part_solver import MEND
from solvers.prices import Prices, find_prices
from solvers.problem import OWNER_LEFT, TerritoryProblem
from solvers.repair import repair
from solvers.search import (
    Choices,
    State,
    improve,
    loads_of,
    misses,
    rank_choices,
    start_from_owners,
    total_miss,
)
from solvers.units import merge, parts


class Question:
    """One part with its prices and choices, and plans of it by rep."""

    def __init__(self, problem: TerritoryProblem) -> None:
        instance = prepare(problem)
        (self.part,) = parts(instance, merge(instance))
        self.prices: Prices = find_prices(self.part, how=MEND.climb)
        self.choices: Choices = rank_choices(self.part, self.prices)

    def given_to(self, *reps: int) -> State:
        """Return the plan that gives each unit to a rep."""
        return start_from_owners(self.part, self.choices, np.array(reps))

    def repaired(self, state: State) -> State:
        """Return what repair makes of a plan."""
        return repair(self.part, self.prices, self.choices, state)

    def miss(self, state: State) -> float:
        """Add up how far all books are outside their bands."""
        return round(float(misses(self.part, state.loads).sum()), 6)


def frozen_books(loads: list[float], free: list[float], target: float) -> Question:
    """Freeze one account in each rep's book and free some that a leaver held."""
    n, books = len(loads) + len(free), len(loads)
    return Question(
        TerritoryProblem(
            account_ids=np.arange(n),
            rep_ids=np.arange(books),
            metric_names=("potential",),
            load=np.array([[each] for each in [*loads, *free]]),
            tolerance=np.array([0.1]),
            target=np.full((books, 1), target),
            current_rep=np.array([*range(books), *[OWNER_LEFT] * len(free)]),
            is_in_scope=np.arange(n) >= books,
        )
    )


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Units of every exact search that repair asks for."""
    asked: list[int] = []
    solve = repairing.solve_exactly

    def counted(*what: Any, **how: Any) -> repairing.ExactAnswer:
        asked.append(what[3].size)
        return solve(*what, **how)

    monkeypatch.setattr(repairing, "solve_exactly", counted)
    return asked


def test_a_frozen_book_that_nothing_in_scope_can_mend_costs_no_search(
    searched: list[int],
) -> None:
    # bands 90 to 110: the first book is 40 over whoever takes the two free accounts,
    # and the second lacks 10 where it has both
    asked = frozen_books([150.0, 60.0, 100.0], [10.0, 10.0], 100.0)
    state = asked.given_to(1, 1)
    assert asked.miss(state) == 40.0 + 10.0
    assert asked.repaired(state).choice.tolist() == state.choice.tolist()
    assert searched == []


def test_a_miss_that_can_be_mended_is_mended_beside_one_that_cannot(
    searched: list[int],
) -> None:
    asked = frozen_books([150.0, 60.0, 100.0], [10.0, 20.0], 100.0)
    # both at the full book: 70 over, and 30 lack at the second
    after = asked.repaired(asked.given_to(0, 0))
    assert after.owner(asked.choices).tolist() == [1, 1]
    assert asked.miss(after) == 40.0
    assert searched == [2]  # one group of three, and nothing once only 40 are left


def test_a_lump_too_large_for_any_book_is_no_reason_to_search(
    searched: list[int],
) -> None:
    # 70 pass every limit: by 20 at the second book, 60 at the third; 10 fit there
    asked = frozen_books([150.0, 60.0, 100.0], [70.0, 10.0], 100.0)
    state = asked.given_to(1, 2)
    assert asked.miss(state) == 40.0 + 20.0
    units, allowed = all_units(asked.choices)
    least = least_misses(asked.part, asked.choices, state, units, allowed)
    assert least.tolist() == pytest.approx([60.0])
    assert asked.repaired(state).choice.tolist() == state.choice.tolist()
    assert searched == []


def test_a_group_solved_to_the_end_is_not_solved_again(searched: list[int]) -> None:
    # 35 and 35 fill two books of 20 and 50: at will 70 fit, whole accounts miss 15
    asked = frozen_books([70.0, 40.0], [35.0, 35.0], 100.0)
    after = asked.repaired(asked.given_to(0, 1))
    assert asked.miss(after) == asked.miss(asked.given_to(0, 1))
    assert len(searched) == 1  # four sizes of group, but only two books


loads = st.lists(st.integers(0, 60).map(float), min_size=2, max_size=4)
books = st.lists(st.integers(0, 160).map(float), min_size=2, max_size=3)


@settings(max_examples=60, deadline=None)
@given(books, loads, st.data())
def test_no_plan_misses_less_than_the_bound_says(
    frozen: list[float], free: list[float], data: st.DataObject
) -> None:
    asked = frozen_books(frozen, free, 100.0)
    owners = st.integers(0, len(frozen) - 1)
    state = asked.given_to(*(data.draw(owners) for _ in free))
    units, allowed = all_units(asked.choices)
    widths = [range(int(count)) for count in asked.choices.count]
    found = min(
        float(misses(asked.part, loads_of(asked.part, asked.choices, choice)).sum())
        for choice in (np.array(each) for each in product(*widths))
    )
    (least,) = least_misses(asked.part, asked.choices, state, units, allowed)
    assert least <= found + 1e-6
    if not can_mend(asked.part, asked.choices, state, units, allowed):
        assert asked.miss(state) == pytest.approx(found, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(books, loads, st.data())
def test_passing_groups_over_leaves_no_more_misses_than_trying_them_all(
    frozen: list[float], free: list[float], data: st.DataObject
) -> None:
    asked = frozen_books(frozen, free, 100.0)
    owners = st.integers(0, len(frozen) - 1)
    state = asked.given_to(*(data.draw(owners) for _ in free))
    after = asked.repaired(state)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repairing, "can_mend", lambda *_: True)
        tried = asked.repaired(state)
    assert total_miss(asked.part, after.loads) == pytest.approx(
        total_miss(asked.part, tried.loads), abs=1e-9
    )


def test_two_metrics_are_bounded_each_on_its_own() -> None:
    asked = frozen_books([150.0, 60.0, 100.0], [10.0, 20.0], 100.0)
    part, pairs = asked.part, asked.part.pairs
    both = replace(
        part,
        pairs=pairs._replace(load=np.column_stack([pairs.load, np.ones(2)])),
        lower=np.column_stack([part.lower, [0.0, 0.0, 2.0]]),
        upper=np.column_stack([part.upper, np.full(3, np.inf)]),
    )
    state = asked.given_to(1, 1)
    wide = State(state.choice, loads_of(both, asked.choices, state.choice))
    units, allowed = all_units(asked.choices)
    # the second book wants the money, the third both accounts: 40 and 0, not at once
    least = least_misses(both, asked.choices, wide, units, allowed)
    assert least.tolist() == pytest.approx([40.0, 0.0])
    assert can_mend(both, asked.choices, wide, units, allowed)


def test_books_that_miss_as_little_as_any_are_neither_pressed_nor_planned_afresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    starts: list[float] = []

    def counted(*what: Any, **how: Any) -> State:
        starts.append(how["enough"])
        return improve(*what, **how)

    monkeypatch.setattr(part_solver, "improve", counted)
    # 40 over at the first book whoever gets what; 30 lack at the second and fit there
    asked = frozen_books([150.0, 60.0, 100.0], [10.0, 20.0], 100.0)
    plan = part_solver.solve_part(
        asked.part, material_share=0.0, effort=1.0, seed=0, is_repair=True
    )
    assert plan.owner.tolist() == [1, 1]
    assert starts == [pytest.approx(40.0 / 10.0)]  # one start; a mean book of 30 / 3
    two = frozen_books([70.0, 40.0], [35.0, 35.0], 100.0)
    starts.clear()
    part_solver.solve_part(
        two.part, material_share=0.0, effort=1.0, seed=0, is_repair=True
    )
    assert len(starts) == 2  # whole accounts miss more than the bound: tried afresh
