"""Accounts: families hang below enterprises that were there before, one level deep."""

from datetime import date

import numpy as np
import pytest

from pipelines.demo.market import CHILD_SHARE
from pipelines.demo.world import live


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_families_are_flat_below_an_earlier_enterprise(seed: int) -> None:
    accounts = live(size="small", seed=seed, as_of=date(2023, 3, 1)).market.accounts
    parent, created = accounts["parent"], accounts["created"] // 86_400
    child = np.flatnonzero(parent >= 0)
    head = parent[child]
    larger = int((accounts["segment"] > 0).sum())
    # a share of the larger ones, but for the few there before any enterprise
    spread = 4 * (CHILD_SHARE * (1 - CHILD_SHARE) / larger) ** 0.5
    assert abs(len(child) / larger - CHILD_SHARE) < spread
    assert (accounts["segment"][head] == 2).all()
    assert (parent[head] < 0).all()
    assert (created[head] <= created[child]).all()
    assert (accounts["segment"][child] > 0).all()


def test_accounts_of_the_guided_demo_stand_alone() -> None:
    accounts = live(size="tiny", seed=1, as_of=date(2024, 3, 1)).market.accounts
    assert (accounts["parent"] == -1).all()
