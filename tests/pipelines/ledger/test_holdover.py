"""Every open deal has one owner on every day, whatever moves and whoever leaves."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.handover import Handover
from pipelines.ledger.holdover import Open, Team, opportunity_owners

START, END = date(2026, 1, 1), date(2026, 2, 9)
DAYS = [START + timedelta(days=n) for n in range(40)]
NOBODY_LEAVES = Team(left_on={}, manager={"R1": "M", "R2": "M"}, away={})


def spells(*owners: tuple[str, int, int], account: str = "A1") -> pl.DataFrame:
    """Owner, first day and last day, counted from the start."""
    return pl.DataFrame(
        [(account, rep, DAYS[first], DAYS[last]) for rep, first, last in owners],
        schema=["account_id", "rep_id", "valid_from", "valid_to"],
        orient="row",
    )


def deal(
    name: str = "O1", created: int = 0, closed: int | None = None, **facts: Any
) -> Open:
    told = {"account_id": "A1", "stage": "proposal", "amount_cents": 100, **facts}
    end = None if closed is None else DAYS[closed]
    return Open(opportunity_id=name, created_on=DAYS[created], closed_on=end, **told)


def rule(**holdover: Any) -> Handover:
    return Handover.model_validate({"holdover": {"expires_after_days": 10, **holdover}})


def owners(
    *deals: Open,
    how: Handover,
    moves: pl.DataFrame | None = None,
    team: Team = NOBODY_LEAVES,
) -> list[tuple[str, str, int, int]]:
    """Opportunity, who owns it, first and last day from the start."""
    book = spells(("R1", 0, 9), ("R2", 10, 39)) if moves is None else moves
    found = opportunity_owners(book, deals, how, team, until=END)
    return [
        (name, rep, (first - START).days, (last - START).days)
        for name, rep, first, last in found.select(
            "opportunity_id", "rep_id", "valid_from", "valid_to"
        ).iter_rows()
    ]


def test_without_holdover_an_opportunity_moves_with_its_account() -> None:
    assert owners(deal(), how=Handover()) == [("O1", "R1", 0, 9), ("O1", "R2", 10, 39)]


def test_an_open_opportunity_stays_until_the_holdover_expires() -> None:
    assert owners(deal(), how=rule()) == [
        ("O1", "R1", 0, 9),
        ("O1", "R1", 10, 19),
        ("O1", "R2", 20, 39),
    ]


def test_what_is_opened_after_the_move_is_the_new_owners() -> None:
    assert owners(deal(created=12), how=rule()) == [("O1", "R2", 12, 39)]


def test_a_deal_that_closes_while_held_ends_there() -> None:
    assert owners(deal(closed=14), how=rule())[-1] == ("O1", "R1", 10, 14)


@pytest.mark.parametrize(
    ("how", "team"),
    [
        (rule(stages=("negotiation",)), NOBODY_LEAVES),
        (rule(min_open_days=11), NOBODY_LEAVES),
        (rule(max_held_per_rep_count=0), NOBODY_LEAVES),
        (rule(), Team({"R1": DAYS[10]}, {}, {})),
    ],
)
def test_stage_age_cap_and_a_leaver_end_the_right_to_hold(
    how: Handover, team: Team
) -> None:
    assert owners(deal(), how=how, team=team)[-1] == ("O1", "R2", 10, 39)


def test_of_more_than_the_cap_the_largest_are_held() -> None:
    deals = [deal(f"O{n}", amount_cents=n) for n in (1, 2, 3)]
    found = owners(*deals, how=rule(max_held_per_rep_count=2))
    held = {name for name, rep, first, _ in found if (rep, first) == ("R1", 10)}
    assert held == {"O2", "O3"}


def test_who_leaves_while_holding_hands_over_that_day() -> None:
    found = owners(deal(), how=rule(), team=Team({"R1": DAYS[13]}, {}, {}))
    assert found[1:] == [("O1", "R1", 10, 12), ("O1", "R2", 13, 39)]


def test_what_expires_may_fall_to_the_old_owners_manager() -> None:
    found = owners(deal(), how=rule(fallback="manager"))
    assert found[-1] == ("O1", "M", 20, 39)


def test_a_second_move_does_not_start_the_clock_again() -> None:
    moves = spells(("R1", 0, 9), ("R2", 10, 14), ("R3", 15, 39))
    found = owners(deal(), how=rule(), moves=moves)
    assert found[-1] == ("O1", "R3", 20, 39)
    assert {rep for _, rep, _, _ in found} == {"R1", "R3"}


def test_credit_is_split_while_held_and_whole_otherwise() -> None:
    book = spells(("R1", 0, 9), ("R2", 10, 39))
    how = rule(old_owner_share=0.6)
    found = opportunity_owners(book, [deal()], how, NOBODY_LEAVES, until=END)
    assert found.select("rep_id", "account_rep_id", "rep_share", "is_held").rows() == [
        ("R1", "R1", 1.0, False),
        ("R1", "R2", 0.6, True),
        ("R2", "R2", 1.0, False),
    ]


def test_long_leave_is_covered_by_the_manager_and_short_leave_is_not() -> None:
    away = {"R2": ((DAYS[12], DAYS[14]), (DAYS[20], DAYS[35]))}
    team = Team({}, {"R2": "M"}, away)
    how = Handover.model_validate({"leave_cover": "manager"})
    found = opportunity_owners(
        spells(("R2", 0, 39)), [deal()], how, team, until=END
    ).select("acting_rep_id", "valid_from", "valid_to", "rep_id")
    assert found.rows() == [
        ("R2", DAYS[0], DAYS[19], "R2"),
        ("M", DAYS[20], DAYS[35], "R2"),
        ("R2", DAYS[36], DAYS[39], "R2"),
    ]


@st.composite
def histories(draw: st.DrawFn) -> tuple[pl.DataFrame, list[Open], Handover, Team]:
    """Accounts that move at random, deals at random, any rule, people who leave."""
    frames, deals = [], []
    reps = ("R1", "R2", "R3")
    for account in ("A1", "A2", "A3"):
        cuts = sorted(draw(st.sets(st.integers(1, 39), max_size=4)))
        edges = [0, *cuts, 40]
        parts = [
            (draw(st.sampled_from(reps)), first, after - 1)
            for first, after in pairwise(edges)
        ]
        frames.append(spells(*parts, account=account))
        for number in range(draw(st.integers(0, 3))):
            created = draw(st.integers(0, 39))
            closed = draw(st.none() | st.integers(created, 39))
            deals.append(
                deal(
                    f"{account}-{number}",
                    created,
                    closed,
                    account_id=account,
                    stage=draw(st.sampled_from(["early", "late"])),
                    amount_cents=draw(st.integers(0, 5)),
                )
            )
    how = Handover.model_validate(
        {
            "holdover": {
                "stages": draw(st.sampled_from([(), ("late",)])),
                "min_open_days": draw(st.integers(0, 5)),
                "max_held_per_rep_count": draw(st.none() | st.integers(0, 2)),
                "expires_after_days": draw(st.integers(0, 15)),
                "fallback": draw(st.sampled_from(["account_owner", "manager"])),
                "old_owner_share": draw(st.sampled_from([0.0, 0.5, 1.0])),
            },
            "leave_cover": draw(st.sampled_from(["none", "manager"])),
            "leave_cover_min_days": 3,
        }
    )
    left = draw(
        st.dictionaries(st.sampled_from(reps), st.sampled_from(DAYS), max_size=2)
    )
    start = draw(st.integers(0, 30))
    leave = (DAYS[start], DAYS[start + draw(st.integers(0, 9))])
    team = Team(left, {"R1": "M", "R2": "M"}, {"R1": (leave,), "R3": (leave,)})
    return pl.concat(frames), deals, how, team


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(histories())
def test_nothing_is_owned_twice_or_by_nobody_on_any_day(
    history: tuple[pl.DataFrame, list[Open], Handover, Team],
) -> None:
    book, deals, how, team = history
    found = opportunity_owners(book, deals, how, team, until=END)
    by_deal: dict[str, list[dict[str, Any]]] = {one.opportunity_id: [] for one in deals}
    for row in found.iter_rows(named=True):
        by_deal[row["opportunity_id"]].append(row)
    holders: dict[tuple[str, date], int] = {}
    owner_of = {
        (account, day): rep
        for account, rep, first, last in book.iter_rows()
        for day in DAYS
        if first <= day <= last
    }
    for one in deals:
        for day in DAYS:
            is_open = one.created_on <= day <= (one.closed_on or END)
            rows = [
                r
                for r in by_deal[one.opportunity_id]
                if r["valid_from"] <= day <= r["valid_to"]
            ]
            assert len(rows) == is_open, (one, day)
            if not rows:
                continue
            (row,) = rows
            assert row["account_rep_id"] == owner_of[one.account_id, day]
            if row["is_held"]:
                key = (row["rep_id"], day)
                holders[key] = holders.get(key, 0) + 1
                assert team.is_here(row["rep_id"], day)
                assert not how.holdover.stages or one.stage in how.holdover.stages
            elif how.holdover.fallback == "account_owner":
                assert row["rep_id"] == row["account_rep_id"]
    cap = how.holdover.max_held_per_rep_count
    if cap is not None:
        assert max(holders.values(), default=0) <= cap
