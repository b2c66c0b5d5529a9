"""The table of moves, and who counts as one person."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.ledger.transitions import (
    ALLOWED,
    MOVES,
    Move,
    after,
    named,
    same_person,
)


def test_the_moves_are_those_of_the_picture() -> None:
    drawn = {
        ("draft", "proposed"),
        ("proposed", "draft"),
        ("proposed", "approved"),
        ("draft", "rejected"),
        ("proposed", "rejected"),
        ("approved", "rejected"),
        ("approved", "published"),
        ("published", "superseded"),
    }
    assert {(str(start), str(end)) for start, end in ALLOWED} == drawn


def test_nothing_leaves_rejected_or_superseded() -> None:
    for move in Move:
        for end in (PlanState.REJECTED, PlanState.SUPERSEDED):
            assert end not in MOVES[move]


@given(st.sampled_from(Move), st.sampled_from(PlanState))
def test_a_move_is_in_the_table_or_refused_with_a_way_out(
    move: Move, state: PlanState
) -> None:
    if state in MOVES[move]:
        assert (state, after(move, state, version=7)) in ALLOWED
        return
    with pytest.raises(LedgerError, match="plan version 7") as refused:
        after(move, state, version=7)
    assert refused.value.fix


def test_a_refusal_tells_who_decided_and_when() -> None:
    with pytest.raises(LedgerError, match=r"approved by bo at 2026-01-02 03:04:05 UTC"):
        after(
            Move.APPROVE,
            PlanState.APPROVED,
            version=1,
            decided_by="bo",
            decided_at=datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 - stored in UTC
        )


@pytest.mark.parametrize("other", ["ANA@example.com", "  ana@Example.COM "])
def test_case_and_blanks_do_not_make_another_person(other: str) -> None:
    assert same_person("ana@example.com", other)


def test_wide_letters_do_not_make_another_person() -> None:
    assert same_person("ana", "ａｎａ")


def test_a_colleague_is_another_person() -> None:
    assert not same_person("ana@example.com", "anna@example.com")


def test_nobody_cannot_act() -> None:
    with pytest.raises(LedgerError, match="nobody is named"):
        named("  ")
