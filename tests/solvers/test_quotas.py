"""Quotas add up at every node, keep their limits and carry a proof."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from data_contracts.errors import InfeasibleError
from solvers.quotas import NO_CAP, QuotaMode, split_quotas
from solvers.result import Proof

# company -> east (2 reps), west (3 reps)
PARENT = np.array([-1, 0, 0, 1, 1, 2, 2, 2])
BASE = np.array([0, 0, 0, 300.0, 200.0, 100.0, 250.0, 150.0])


def children_sum(parent: np.ndarray, quota: np.ndarray, node: int) -> int:
    return int(quota[parent == node].sum())


def test_without_limits_every_rep_carries_the_same_share_of_the_base() -> None:
    tree = split_quotas(2_000, parent=PARENT, base_cents=BASE)
    assert tree.quota_cents.tolist() == [2000, 1000, 1000, 600, 400, 200, 500, 300]
    assert tree.proof is Proof.OPTIMAL
    assert tree.is_certified.all()


def test_over_assignment_adds_up_per_level() -> None:
    over = np.array([0.05, 0.1, 0.0, 0, 0, 0, 0, 0])
    tree = split_quotas(
        1_000_00, parent=PARENT, base_cents=BASE, over_assignment_share=over
    )
    quota = tree.quota_cents
    assert children_sum(PARENT, quota, 0) == 1_050_00
    assert children_sum(PARENT, quota, 1) == round(quota[1] * 1.1)
    assert children_sum(PARENT, quota, 2) == quota[2]


def test_a_capped_rep_gives_to_teammates_and_is_marked() -> None:
    cap = np.full(8, NO_CAP)
    cap[3] = 500
    tree = split_quotas(2_000, parent=PARENT, base_cents=BASE, cap_cents=cap)
    assert tree.quota_cents[3:5].tolist() == [500, 500]
    assert tree.is_at_cap.tolist() == [False] * 3 + [True] + [False] * 4


def test_odd_cents_of_the_target_sit_in_one_leaf() -> None:
    tree = split_quotas(100_037, parent=PARENT, base_cents=BASE, unit_cents=1_000)
    leaves = tree.quota_cents[3:]
    assert leaves.sum() == 100_037
    assert np.count_nonzero(leaves % 1_000) == 1


def test_caps_that_cannot_hold_name_the_node_and_the_raise_that_would_do() -> None:
    cap = np.full(8, NO_CAP)
    cap[3:] = 100
    with pytest.raises(InfeasibleError) as error:
        split_quotas(
            750,
            parent=PARENT,
            base_cents=BASE,
            cap_cents=cap,
            node_ids=np.array(["co", "east", "west", "a", "b", "c", "d", "e"]),
        )
    assert "caps under node co allow 5.00 of 7.50" in error.value.what
    assert "raise every cap by 50.00%" in error.value.fix
    assert "move 2.50 to other teams" in error.value.fix


def test_best_effort_raises_caps_by_the_smallest_common_share() -> None:
    cap = np.full(8, NO_CAP)
    cap[3:] = 100
    tree = split_quotas(
        750, parent=PARENT, base_cents=BASE, cap_cents=cap, best_effort=True
    )
    assert tree.proof is Proof.BEST_EFFORT
    assert tree.cap_relaxation_share == pytest.approx(0.5, abs=1e-6)
    assert tree.quota_cents[3:].sum() == 750


def test_the_highest_node_whose_limits_contradict_is_named() -> None:
    floor, cap = np.zeros(8, np.int64), np.full(8, NO_CAP)
    floor[3], cap[1] = 500, 400
    with pytest.raises(InfeasibleError, match=r"node 1 must carry at least 5\.00"):
        split_quotas(
            2_000, parent=PARENT, base_cents=BASE, floor_cents=floor, cap_cents=cap
        )


def test_a_zero_target_gives_zero_quotas() -> None:
    tree = split_quotas(0, parent=PARENT, base_cents=BASE)
    assert not tree.quota_cents.any()


def test_one_rep_carries_everything() -> None:
    tree = split_quotas(99, parent=np.array([-1, 0]), base_cents=np.array([0, 1.0]))
    assert tree.quota_cents.tolist() == [99, 99]


def test_a_rep_without_base_gets_the_floor_and_a_note() -> None:
    base = BASE.copy()
    base[5] = 0.0
    tree = split_quotas(2_000, parent=PARENT, base_cents=base)
    assert tree.quota_cents[5] == 0
    assert "node 5 has no base" in tree.notes[0]


def test_equal_attainment_gives_everyone_the_same_chance() -> None:
    mean = np.log(np.where(BASE > 0, BASE, 1.0) * 1e6)
    deviation = np.array([0, 0, 0, 0.1, 0.5, 0.3, 0.2, 0.4])
    tree = split_quotas(
        900_000_000,
        parent=PARENT,
        base_cents=BASE,
        mode=QuotaMode.EQUAL_ATTAINMENT,
        log_mean=mean,
        log_deviation=deviation,
    )
    z = (np.log(tree.quota_cents[3:]) - mean[3:]) / deviation[3:]
    assert tree.quota_cents[3:].sum() == 900_000_000
    assert norm.sf(z).std() < 1e-6


def test_row_order_does_not_matter() -> None:
    ids = np.array(["co", "east", "west", "a", "b", "c", "d", "e"])
    base = BASE * np.pi
    plain = split_quotas(12_345, parent=PARENT, base_cents=base, node_ids=ids)
    order = np.random.default_rng(3).permutation(8)
    place = np.argsort(order)
    shuffled_parent = np.where(PARENT[order] < 0, -1, place[PARENT[order]])
    shuffled = split_quotas(
        12_345, parent=shuffled_parent, base_cents=base[order], node_ids=ids[order]
    )
    assert shuffled.quota_cents.tobytes() == plain.quota_cents[order].tobytes()


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_every_node_is_exact_certified_and_within_limits(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 14))
    parent = np.array([-1] + [data.draw(st.integers(0, i - 1)) for i in range(1, n)])
    is_leaf = ~np.isin(np.arange(n), parent)
    base = np.array([data.draw(st.integers(1, 50)) for _ in range(n)], float)
    over = np.array([data.draw(st.sampled_from([0, 0.03, 0.25])) for _ in range(n)])
    floor = np.array([data.draw(st.integers(0, 300)) for _ in range(n)]) * is_leaf
    cap = np.where(is_leaf, floor + data.draw(st.integers(100, 5_000)), NO_CAP)
    unit = data.draw(st.sampled_from([1, 10, 100]))
    target = data.draw(st.integers(0, 20_000))
    try:
        tree = split_quotas(
            target,
            parent=parent,
            base_cents=base,
            over_assignment_share=over,
            floor_cents=floor,
            cap_cents=cap,
            unit_cents=unit,
        )
    except InfeasibleError:
        return
    quota = tree.quota_cents
    assert quota[0] == target
    assert tree.is_certified.all()
    for v in np.flatnonzero(~is_leaf):
        total = children_sum(parent, quota, v)
        if over[v] == 0:
            assert total == quota[v]
        else:
            assert abs(total - quota[v] * (1 + over[v])) <= unit / 2 + 1e-6
    assert (quota[is_leaf] >= floor[is_leaf]).all()
    assert (quota[is_leaf] <= cap[is_leaf]).all()


@pytest.mark.parametrize(
    ("parent", "message"),
    [
        (np.array([-1, -1]), "one root"),
        (np.array([-1, 2, 1]), "circle"),
        (np.array([-1, 7]), "past the last node"),
    ],
)
def test_what_is_not_a_tree_is_refused(parent: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split_quotas(1, parent=parent, base_cents=np.ones(parent.size))


def test_negative_bases_are_refused() -> None:
    with pytest.raises(ValueError, match="base_cents must be finite"):
        split_quotas(1, parent=np.array([-1, 0]), base_cents=np.array([0, -1.0]))


def test_a_cap_on_a_team_holds_and_the_other_team_takes_the_rest() -> None:
    # teams of equal base; the first may carry 400 of 1,000
    parent = np.array([-1, 0, 0, 1, 1, 2, 2])
    cap = np.full(7, NO_CAP)
    cap[1] = 400
    tree = split_quotas(
        1_000,
        parent=parent,
        base_cents=np.array([0, 0, 0, 100.0, 100, 100, 100]),
        cap_cents=cap,
    )
    assert tree.quota_cents.tolist() == [1_000, 400, 600, 200, 200, 300, 300]
    assert tree.is_certified.all()


def test_a_team_cap_that_cannot_hold_is_reported_at_the_top_with_its_relaxation() -> (
    None
):
    parent = np.array([-1, 0, 0, 1, 2])
    cap = np.array([NO_CAP, 300, 500, NO_CAP, NO_CAP])
    base = np.array([0, 0, 0, 1.0, 1.0])
    with pytest.raises(InfeasibleError, match=r"allow 8\.00 of 10\.00") as told:
        split_quotas(
            1_000, parent=parent, base_cents=base, cap_cents=cap, unit_cents=100
        )
    assert "every cap by" in told.value.fix
    eased = split_quotas(
        1_000,
        parent=parent,
        base_cents=base,
        cap_cents=cap,
        unit_cents=100,
        best_effort=True,
    )
    # 300 and 500 raised by a quarter allow 375 and 625: by a third, 400 and 600
    assert eased.quota_cents.tolist() == [1_000, 400, 600, 400, 600]
    assert eased.cap_relaxation_share == pytest.approx(1 / 3, abs=1e-6)
