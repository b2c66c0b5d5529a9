"""A past morning sees what was known then, and nothing of what was learned later."""

from dataclasses import replace
from datetime import date

import polars as pl

from pipelines.planning.inputs import Facts
from pipelines.planning.known import Known, company_months

VERSION = {
    "opportunity_id": "o1",
    "account_id": "a00",
    "rep_id": "r1",
    "booking_type": "new",
    "close_date": date(2025, 3, 10),
    "is_closed": True,
    "is_won": True,
    "known_to": None,
    "amount_cents": 1_000,
    "learned_on": None,
    "created_on": date(2025, 1, 5),
}
VERSION_TYPES = {
    "close_date": pl.Date,
    "known_to": pl.Date,
    "learned_on": pl.Date,
    "created_on": pl.Date,
    "booking_type": pl.String,
}
CREDIT_TYPES = {
    "opportunity_id": pl.String,
    "rep_id": pl.String,
    "segment_id": pl.String,
    "region_id": pl.String,
    "credited_share": pl.Float64,
}


def versions(*changes: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(
        [VERSION | one for one in changes], schema_overrides=VERSION_TYPES
    )


def test_what_the_first_night_brought_counts_from_the_day_it_happened(
    known: Known,
) -> None:
    one = replace(known, versions=versions({}))
    assert one.won(date(2025, 3, 10)).is_empty()  # won on that day, not before it
    assert one.won(date(2025, 3, 11))["amount_cents"].to_list() == [1_000]


def test_a_win_entered_late_is_unseen_until_the_night_it_was_learned(
    known: Known,
) -> None:
    late = replace(known, versions=versions({"learned_on": date(2025, 4, 20)}))
    assert late.won(date(2025, 4, 20)).is_empty()
    assert late.won(date(2025, 4, 21)).height == 1


def test_an_amount_corrected_later_is_seen_as_it_was(known: Known) -> None:
    both = versions(
        {"known_to": date(2025, 5, 31)},
        {"amount_cents": 400, "learned_on": date(2025, 6, 1)},
    )
    one = replace(known, versions=both)
    assert one.won(date(2025, 6, 1))["amount_cents"].to_list() == [1_000]
    assert one.won(date(2025, 6, 2))["amount_cents"].to_list() == [400]


def test_credits_split_a_win_and_renewals_do_not_count(known: Known) -> None:
    shares = pl.DataFrame(
        [("o1", "r1", "smb", "east", 0.75), ("o1", "r2", "smb", "east", 0.25)],
        schema=CREDIT_TYPES,
        orient="row",
    )
    two = versions({}, {"opportunity_id": "o2", "booking_type": "renewal"})
    seen = replace(known, versions=two, credits=shares).won(date(2025, 7, 1))
    assert seen.select("rep_id", "amount_cents").rows() == [("r1", 750), ("r2", 250)]


def test_the_panel_hides_hires_exits_and_credits_learned_later(
    known: Known, facts: Facts
) -> None:
    people = pl.DataFrame(
        [("r1", None, date(2025, 9, 3)), ("r2", date(2025, 9, 3), None)],
        schema={
            "rep_id": pl.String,
            "learned_on": pl.Date,
            "leave_learned_on": pl.Date,
        },
        orient="row",
    )
    panel = facts.rep_months.with_columns(
        left_on=pl.when(pl.col("rep_id") == "r1").then(pl.lit(date(2025, 8, 31)))
    )
    one = replace(known, versions=versions({}), people=people)
    before = one.rep_months(panel, date(2025, 9, 1))
    assert "r2" not in before["rep_id"].to_list()
    assert (
        before.filter(rep_id="r1")["left_on"].null_count()
        == before.filter(rep_id="r1").height
    )
    assert before["bookings_cents"].sum() == 1_000  # as known, not as the panel says
    after = one.rep_months(panel, date(2025, 10, 1))
    assert after.filter(rep_id="r1")["left_on"].null_count() == 0
    assert "r2" in after["rep_id"].to_list()


def test_open_deals_have_no_outcome_yet(known: Known) -> None:
    deals = replace(known, versions=versions({})).deals(date(2025, 2, 1))
    assert deals.outcomes.select("closed_on", "is_won").rows() == [(None, False)]
    later = replace(known, versions=versions({})).deals(date(2025, 4, 1))
    assert later.outcomes.select("closed_on", "is_won").rows() == [
        (date(2025, 3, 10), True)
    ]


def test_firmographics_are_those_of_the_time(known: Known) -> None:
    rows = pl.DataFrame(
        [
            ("a00", 10, "retail", date(2025, 5, 31), "smb", "east", None, None),
            ("a00", 90, "retail", None, "smb", "east", None, date(2025, 6, 1)),
        ],
        schema=known.accounts.schema,
        orient="row",
    )
    one = replace(known, accounts=rows)
    assert one.spending(date(2025, 6, 1))[0]["employee_count"].to_list() == [10]
    assert one.spending(date(2025, 6, 2))[0]["employee_count"].to_list() == [90]


def test_months_without_a_booking_are_zero_and_the_one_under_way_is_left_out() -> None:
    bookings = pl.DataFrame(
        {
            "month_start": [date(2025, 1, 1), date(2025, 3, 1), date(2025, 4, 1)],
            "bookings_cents": [5, 7, 9],
        }
    )
    months = company_months(bookings, date(2025, 4, 10))
    assert months["value_cents"].to_list() == [5.0, 0.0, 7.0]
