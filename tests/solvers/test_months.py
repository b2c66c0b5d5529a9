"""Months by controlled rounding: rows, columns and nodes all add up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.months import spread_over_months


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_rows_and_nodes_are_exact_and_cells_within_a_unit(data: st.DataObject) -> None:
    teams = data.draw(st.integers(1, 4))
    per_team = data.draw(st.integers(1, 4))
    reps = teams * per_team
    parent = np.array([-1] + [0] * teams + [1 + i // per_team for i in range(reps)])
    unit = data.draw(st.sampled_from([1, 100]))
    leaf = np.array([data.draw(st.integers(0, 500)) for _ in range(reps)]) * unit
    team = leaf.reshape(teams, per_team).sum(axis=1)
    quota = np.concatenate([[team.sum()], team, leaf])
    season = np.array([data.draw(st.integers(1, 9)) for _ in range(12)], float)
    months = spread_over_months(
        quota, parent=parent, season_share=season, unit_cents=unit
    ).month_cents
    assert (months.sum(axis=1) == quota).all()
    assert (months >= 0).all()
    exact = quota[:, None] * season / season.sum()
    assert (np.abs(months - exact) < unit + 1e-6).all()
    for node in range(1 + teams):
        assert (months[parent == node].sum(axis=0) == months[node]).all()


def test_an_over_assigned_node_keeps_its_own_months() -> None:
    parent = np.array([-1, 0, 0])
    months = spread_over_months(
        np.array([100, 60, 60]), parent=parent, season_share=np.ones(4)
    ).month_cents
    assert months[0].tolist() == [25, 25, 25, 25]
    assert months[1:].sum(axis=0).tolist() == [30, 30, 30, 30]


def test_a_rep_on_leave_has_no_quota_in_those_months() -> None:
    parent = np.array([-1, 0, 0])
    season = np.ones((3, 4))
    season[1, :2] = 0
    months = spread_over_months(
        np.array([80, 40, 40]), parent=parent, season_share=season
    ).month_cents
    assert months[1].tolist() == [0, 0, 20, 20]
    assert months[0].tolist() == [10, 10, 30, 30]


def test_odd_cents_stay_inside_the_row_and_the_node() -> None:
    parent = np.array([-1, 0, 0])
    months = spread_over_months(
        np.array([1_037, 500, 537]),
        parent=parent,
        season_share=np.array([1.0, 2.0, 1.0]),
        unit_cents=100,
    ).month_cents
    assert months.sum(axis=1).tolist() == [1_037, 500, 537]
    assert (months[1:].sum(axis=0) == months[0]).all()
    assert (months[:, [0, 2]] % 100 == 0).all()


def test_row_order_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    parent = np.array([-1, 0, 0, 1, 1, 2, 2])
    leaf = rng.integers(1, 1_000, 4)
    team = [leaf[:2].sum(), leaf[2:].sum()]
    quota = np.array([sum(team), *team, *leaf])
    ids, season = np.array(list("gabcdef")), np.ones(12)
    plain = spread_over_months(
        quota, parent=parent, season_share=season, node_ids=ids
    ).month_cents
    order = rng.permutation(7)
    moved = np.argsort(order)
    above = np.where(parent[order] < 0, -1, moved[parent[order]])
    other = spread_over_months(
        quota[order], parent=above, season_share=season, node_ids=ids[order]
    ).month_cents
    assert other.tobytes() == plain[order].tobytes()


def test_a_quota_without_any_month_is_refused() -> None:
    with pytest.raises(ValueError, match="no month with weight"):
        spread_over_months(
            np.array([5, 5]), parent=np.array([-1, 0]), season_share=np.zeros(12)
        )
