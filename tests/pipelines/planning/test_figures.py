"""Plots of fitted ramps and fans, drawn as SVG."""

from datetime import date
from xml.etree import ElementTree as Tree  # our own text, not a stranger's

import polars as pl
import pytest

from data_contracts.calendar import months
from pipelines.planning.figures import fan, ramps


@pytest.fixture
def ramp() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "segment_id": "smb & co",
            "role": "ae",
            "tenure_month": range(13),
            "share": [t / 12 for t in range(13)],
            "share_p10": [t / 16 for t in range(13)],
            "share_p90": [min(t / 8, 1.0) for t in range(13)],
            "months_to_80": 9.6,
            "months_to_80_p10": 6.4,
            "months_to_80_p90": 12.8,
            "rep_months_count": 40,
        }
    )


def test_a_ramp_is_drawn_with_its_months_and_its_band(ramp: pl.DataFrame) -> None:
    text = ramps(ramp)
    Tree.fromstring(text)  # well-formed, names escaped
    assert "80 % after 9.6 (6.4 to 12.8)" in text
    assert text.count("<polygon") == 1
    assert ramps(ramp.reverse()) == text


def test_a_fan_starts_at_the_last_month_booked() -> None:
    past = pl.DataFrame(
        {"month_start": months(date(2025, 1, 1), 12), "value_cents": [100_00] * 12}
    )
    ahead = pl.DataFrame(
        {
            "month_start": months(date(2026, 1, 1), 6),
            "p10_cents": [80_00] * 6,
            "p50_cents": [100_00] * 6,
            "p90_cents": [120_00] * 6,
        }
    )
    text = fan(past, ahead, "bookings")
    Tree.fromstring(text)  # well-formed
    assert text.count("<polyline") == 2
    assert fan(past.reverse(), ahead.reverse(), "bookings").count("<polygon") == 1


def test_nothing_forecast_draws_the_past_alone() -> None:
    past = pl.DataFrame({"month_start": [date(2025, 1, 1)], "value_cents": [1]})
    none = pl.DataFrame(
        schema={
            "month_start": pl.Date,
            "p10_cents": pl.Int64,
            "p50_cents": pl.Int64,
            "p90_cents": pl.Int64,
        }
    )
    Tree.fromstring(fan(past, none, "bookings"))  # well-formed
