"""A version holds its whole period, and every account one owner on each day."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.errors import LedgerError
from pipelines.ledger.content import canonical
from pipelines.ledger.coverage import check_period

START, END = date(2026, 1, 1), date(2026, 1, 31)


def spells(*rows: tuple[str, str | None, date, date | None]) -> pl.DataFrame:
    empty = canonical({})["assignment"]
    lines = pl.DataFrame(
        list(rows),
        schema={
            "account_id": pl.String,
            "rep_id": pl.String,
            "valid_from": pl.Date,
            "valid_to": pl.Date,
        },
        orient="row",
    )
    return pl.concat([empty, lines], how="diagonal")


def check(frame: pl.DataFrame) -> None:
    check_period(
        canonical({"assignment": frame}), effective_from=START, effective_to=END
    )


def day(number: int) -> date:
    return date(2026, 1, number)


def test_two_owners_in_turn_are_fine() -> None:
    check(spells(("A1", "R1", day(1), day(9)), ("A1", "R2", day(10), None)))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("A1", None, day(1), None)], "A1 has no owner"),
        ([("A1", "R1", day(2), None)], "A1 is owned by nobody on 2026-01-01"),
        ([("A1", "R1", day(1), day(30))], "A1 is owned by nobody on 2026-01-31"),
        (
            [("A1", "R1", day(1), day(9)), ("A1", "R2", day(9), None)],
            "A1 is owned twice on a day",
        ),
        (
            [("A1", "R1", day(1), None), ("A1", "R2", day(9), None)],
            "A1 is owned twice on a day",
        ),
        (
            [("A1", "R1", day(1), day(9)), ("A1", "R2", day(11), None)],
            "A1 is owned by nobody between two spells",
        ),
        ([("A1", "R1", day(1), date(2026, 2, 1))], "A1 is owned after 2026-01-31"),
        ([("A1", "R1", date(2025, 12, 31), None)], "A1 is owned before 2026-01-01"),
        (
            [("A1", "R1", day(1), date(2025, 12, 1)), ("A1", "R2", day(2), None)],
            "A1 ends before it begins",
        ),
    ],
)
def test_a_day_without_exactly_one_owner_is_refused(
    rows: list[tuple[str, str | None, date, date | None]], said: str
) -> None:
    with pytest.raises(LedgerError, match=said):
        check(spells(*rows))


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A1", "A2"]),
            st.sampled_from(["R1", "R2", None]),
            st.integers(0, 4),
            st.one_of(st.none(), st.integers(0, 5)),
        ),
        max_size=5,
        unique_by=lambda row: (row[0], row[2]),
    )
)
def test_it_accepts_exactly_the_histories_with_one_owner_a_day(
    rows: list[tuple[str, str | None, int, int | None]],
) -> None:
    end = START + timedelta(days=4)
    frame = spells(
        *(
            (
                account,
                rep,
                START + timedelta(days=first),
                None if last is None else START + timedelta(days=last),
            )
            for account, rep, first, last in rows
        )
    )
    # by hand: count the owners of every account that is named, day by day
    days = range(5)
    owners = {
        (account, number): [
            rep
            for name, rep, first, last in rows
            if name == account and first <= number <= (4 if last is None else last)
        ]
        for account in {row[0] for row in rows}
        for number in days
    }
    is_within = all(
        first <= (4 if last is None else last) <= 4 for _, _, first, last in rows
    )
    is_covered = all(len(reps) == 1 and None not in reps for reps in owners.values())
    try:
        check_period(
            canonical({"assignment": frame}), effective_from=START, effective_to=end
        )
    except LedgerError:
        assert not (is_within and is_covered)
    else:
        assert is_within
        assert is_covered


def targets(*months: date) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "node_level": "company",
            "node_id": "all",
            "month_start": list(months),
            "measure": "bookings",
            "value_cents": 1,
            "reason": "",
        }
    )


def test_a_month_that_is_missing_is_named() -> None:
    content = canonical({"target": targets(date(2026, 1, 1), date(2026, 3, 1))})
    with pytest.raises(LedgerError, match="target has no line for 2026-02-01"):
        check_period(
            content, effective_from=date(2026, 1, 1), effective_to=date(2026, 3, 31)
        )


def test_a_month_outside_the_period_is_named() -> None:
    content = canonical({"target": targets(date(2026, 1, 1), date(2026, 2, 1))})
    with pytest.raises(LedgerError, match="target has lines of month 2026-02-01"):
        check_period(content, effective_from=START, effective_to=END)


def test_a_plan_from_mid_month_may_leave_the_broken_month_to_its_parent() -> None:
    for months in ([date(2026, 2, 1)], [date(2026, 1, 1), date(2026, 2, 1)]):
        check_period(
            canonical({"target": targets(*months)}),
            effective_from=date(2026, 1, 15),
            effective_to=date(2026, 2, 28),
        )


def test_a_period_runs_forwards() -> None:
    with pytest.raises(LedgerError, match="backwards"):
        check_period(canonical({}), effective_from=END, effective_to=START)
