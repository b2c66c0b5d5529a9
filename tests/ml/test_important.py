"""The slow tier for the few series people look at."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from data_contracts.errors import ForecastError
from ml.bookings import BookingsEngine
from ml.important import important_series

MONTHS = pl.date_range(date(2021, 1, 1), date(2025, 12, 1), "1mo", eager=True)
WAVE = 100 * (1 + 0.3 * np.sin(np.arange(72) * np.pi / 6))


def frame(names: list[str]) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.concat(
        [
            pl.DataFrame(
                {
                    "series_id": name,
                    "month_start": MONTHS,
                    "value_cents": WAVE[:60] * np.exp(rng.normal(0, 0.05, 60)),
                }
            )
            for name in names
        ]
    )


def test_engines_are_averaged_with_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    # Three engines that say 100, 200 and 300 and the batch engine near 100.
    fixed = np.array([[100.0] * 12, [200.0] * 12, [300.0] * 12])
    monkeypatch.setattr("ml.important._engines", lambda row, horizon: fixed)
    out = important_series(frame(["a", "b"]), date(2026, 1, 1), 12)
    alone = BookingsEngine().fit_predict(frame(["a", "b"]))
    assert (out["model"] == "engines averaged").all()
    assert np.allclose(out["p50"], (600.0 + alone["p50"]) / 4)
    assert np.allclose(out["p90"] - out["p50"], alone["p90"] - alone["p50"])


def test_a_series_with_a_gap_keeps_the_batch_answer() -> None:
    gappy = frame(["a"]).with_columns(
        value_cents=pl.when(pl.col("month_start") != MONTHS[30]).then("value_cents")
    )
    out = important_series(gappy, date(2026, 1, 1), 6)
    assert out["p50"].equals(BookingsEngine(horizon=6).fit_predict(gappy)["p50"])


def test_thousands_are_sent_to_the_batch_engine() -> None:
    many = (
        frame(["x"])
        .join(pl.DataFrame({"i": range(201)}), how="cross")
        .with_columns(series_id=pl.col("i").cast(pl.String))
    )
    with pytest.raises(ForecastError, match="too many"):
        important_series(many, date(2026, 1, 1), 12)
