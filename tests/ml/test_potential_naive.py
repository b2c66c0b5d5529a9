"""The baseline of potential: last year, and newcomers' mean for the others."""

from datetime import date

import polars as pl

from ml.potential_naive import last_year


def test_spenders_repeat_and_the_others_share_what_newcomers_brought() -> None:
    accounts = pl.DataFrame({"account_id": ["d", "c", "b", "a"]})
    spend = pl.DataFrame(
        {
            "account_id": ["a", "a", "b", "a"],
            "booked_on": [
                date(2024, 6, 1),  # the year before
                date(2025, 6, 1),
                date(2025, 7, 1),  # b is new: it spent nothing the year before
                date(2026, 2, 1),  # after as_of
            ],
            "amount_cents": [500, 900, 600, 9_999],
        }
    )
    found = last_year(accounts, spend, as_of=date(2026, 1, 31))
    # b, c and d had nothing the year before; together they brought 600
    assert found.rows() == [("a", 900), ("b", 600), ("c", 200), ("d", 200)]
