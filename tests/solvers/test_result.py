"""What a proof says in numbers."""

from solvers.result import Proof, gap_share, whole_bound


def test_a_met_bound_leaves_no_gap() -> None:
    assert gap_share(100, 100) == 0.0
    assert gap_share(0, 0) == 0.0


def test_a_gap_is_a_share_of_the_cost_and_never_leaves_zero_to_one() -> None:
    assert gap_share(200, 150) == 0.25
    assert gap_share(10, -90) == 1.0
    assert gap_share(10, 11) == 0.0


def test_a_bound_of_half_a_cent_proves_a_whole_one() -> None:
    assert whole_bound(0.5) == 1
    assert whole_bound(3.0000000001) == 3
    assert whole_bound(float("-inf")) == 0


def test_proofs_read_as_words() -> None:
    assert [str(p) for p in Proof] == ["optimal", "feasible", "best_effort"]
