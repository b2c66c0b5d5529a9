"""Homes by capacitated p-median, against every choice and a published optimum."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from data_contracts.errors import InfeasibleError
from solvers.homes import place_homes

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "pmedcap"


def brute_force(
    way: np.ndarray, load: np.ndarray, n_homes: int, capacity: float
) -> float:
    n, best = load.size, np.inf
    for homes in itertools.combinations(range(n), n_homes):
        for served in itertools.product(range(n_homes), repeat=n):
            sizes = np.bincount(served, weights=load, minlength=n_homes)
            if (sizes <= capacity).all():
                cost = way[np.arange(n), np.array(homes)[list(served)]].sum()
                best = min(best, float(cost))
    return best


@pytest.mark.parametrize("seed", range(4))
def test_small_cases_reach_the_optimum_of_all_choices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    place, load = rng.uniform(0, 10, (7, 2)), rng.integers(1, 5, 7).astype(float)
    way = np.linalg.norm(place[:, None] - place[None, :], axis=2)
    capacity = np.ceil(load.sum() / 2) + 2
    plan = place_homes(way, load, n_homes=2, capacity=capacity, effort=0.2)
    assert plan.cost == pytest.approx(brute_force(way, load, 2, capacity))
    assert plan.bound <= plan.cost
    sizes = np.bincount(plan.home_of_account, weights=load)
    assert sizes.max() <= capacity
    assert plan.homes.size == 2


@pytest.mark.slow
def test_a_published_instance_is_solved_to_its_optimum() -> None:
    path = PUBLISHED / "pmedcap01.txt"
    if not path.exists():
        pytest.skip(f"the public instances are not here: {path}")
    words = path.read_text().split()
    optimum, n, homes, capacity = int(words[1]), *map(int, words[2:5])
    table = np.array(words[5 : 5 + 4 * n], dtype=float).reshape(n, 4)
    way = np.floor(np.hypot(*(table[:, None, 1:3] - table[None, :, 1:3]).T).T)
    plan = place_homes(way, table[:, 3], n_homes=homes, capacity=capacity)
    assert plan.cost == optimum


def test_a_load_that_cannot_fit_is_named() -> None:
    with pytest.raises(InfeasibleError, match="2 homes of 3 cannot serve a load of 8"):
        place_homes(np.ones((4, 4)), np.full(4, 2.0), n_homes=2, capacity=3.0)


def test_one_home_serves_all_from_the_middle() -> None:
    place = np.array([0.0, 4.0, 5.0])
    plan = place_homes(
        abs(place[:, None] - place), np.ones(3), n_homes=1, capacity=9.0, effort=0.01
    )
    assert plan.homes.tolist() == [1]
    assert plan.cost == 5.0
