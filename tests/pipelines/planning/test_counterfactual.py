"""Keep a moved account by force and find that it costs what was said."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from data_contracts.errors import LedgerError
from pipelines.ledger.content import canonical
from pipelines.planning.computing import PlanInputs, compute
from pipelines.planning.counterfactual import keep_account, territory_cost
from pipelines.planning.cycle import Content
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import first_horizon
from solvers.problem import TerritoryProblem
from solvers.result import Proof
from solvers.territories import assign_accounts


def planned(facts: Facts, forecasts: Forecasts) -> tuple[PlanInputs, Content]:
    inputs = PlanInputs(facts, forecasts, first_horizon(facts.policy, facts.as_of))
    return inputs, canonical(compute(inputs).content)


@pytest.fixture
def uneven(facts: Facts) -> Facts:
    """r1 owns all ten small accounts and r2 none; a move costs 100 and 15 % of it."""
    owner = pl.when(pl.col("segment_id") == "smb").then(pl.lit("r1"))
    year = 1200_00 + 100_00 * pl.int_range(pl.len())  # each dearer than the one before
    accounts = facts.accounts.with_columns(
        owner.otherwise("owner_rep_id").alias("owner_rep_id"),
        year.alias("bookings_12m_cents"),
    )
    return replace(facts, accounts=accounts)


@pytest.mark.slow
def test_keeping_a_moved_account_costs_the_difference_to_the_next_dearest(
    uneven: Facts, forecasts: Forecasts
) -> None:
    # books within 20 % of 5 accounts: four of ten must move, and the four cheapest do
    inputs, content = planned(uneven, forecasts)
    moved = content["assignment"].filter(pl.col("is_moved"))
    assert moved["account_id"].to_list() == ["a00", "a01", "a02", "a03"]
    found = keep_account(inputs, content, "a00")
    # a04 goes in its place: 100 + 15 % of 1,600 instead of 100 + 15 % of 1,200
    assert found.also_moves == ("a04",)
    assert found.price_cents == 60_00
    assert found.kept_rep_id == "r1"
    assert found.plan_cost_cents == territory_cost(content)


@pytest.mark.slow
def test_the_stated_price_is_never_more_than_keeping_really_costs(
    uneven: Facts, forecasts: Forecasts
) -> None:
    inputs, content = planned(uneven, forecasts)
    for account in ("a00", "a01", "a02", "a03"):
        found = keep_account(inputs, content, account)
        assert 0 <= found.stated_cents <= found.price_cents + 1


@pytest.mark.slow
def test_an_account_that_stays_has_no_such_price(
    uneven: Facts, forecasts: Forecasts
) -> None:
    inputs, content = planned(uneven, forecasts)
    with pytest.raises(LedgerError, match="does not move account 'a09'"):
        keep_account(inputs, content, "a09")


@pytest.mark.slow
def test_an_owner_who_left_cannot_keep_it(uneven: Facts, forecasts: Forecasts) -> None:
    inputs, content = planned(uneven, forecasts)
    gone = pl.when(pl.col("is_moved")).then(pl.lit("gone")).otherwise("previous_rep_id")
    lines = content["assignment"].with_columns(gone.alias("previous_rep_id"))
    with pytest.raises(LedgerError, match="cannot be kept by gone"):
        keep_account(inputs, {**content, "assignment": lines}, "a00")


@pytest.mark.parametrize("seed", range(6))
def test_on_any_book_a_price_is_a_bound_on_the_forced_plan(seed: int) -> None:
    # weak duality: a plan that keeps the account costs the bound and its price at least
    rng = np.random.default_rng(seed)
    n = 14
    problem = TerritoryProblem(
        account_ids=np.array([f"a{i:02d}" for i in range(n)]),
        rep_ids=np.array(["r1", "r2", "r3"]),
        metric_names=("potential",),
        load=rng.integers(50, 150, (n, 1)).astype(float),
        tolerance=np.array([0.15]),
        current_rep=rng.choice(3, n, p=[0.6, 0.3, 0.1]).astype(np.intp),
        move_cost_cents=rng.integers(1_00, 500_00, n),
    )
    plan = assign_accounts(problem, best_effort=True)
    checked = 0
    for account in np.flatnonzero(plan.is_moved):
        pinned = np.full(n, -1, dtype=np.intp)
        pinned[account] = problem.current_rep[account]  # type: ignore[index]  # set above
        forced = assign_accounts(replace(problem, pinned_rep=pinned), best_effort=True)
        if Proof.BEST_EFFORT in (plan.proof, forced.proof):
            continue
        least = plan.bound_cents + plan.keep_cost_cents[account]
        assert forced.cost_cents >= least - 1
        checked += 1
    assert checked
