"""The slow tier for the few series people look at."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from data_contracts.errors import ForecastError
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


@pytest.mark.slow
def test_engines_are_averaged_around_a_seasonal_truth() -> None:
    pytest.importorskip("statsforecast", reason="the slow tier is optional")
    out = important_series(frame(["a", "b"]), date(2026, 1, 1), 12)
    first = out.filter(pl.col("series_id") == "a")
    assert (out["model"] == "engines averaged").all()
    assert np.abs(first["p50"].to_numpy() / WAVE[60:] - 1).mean() < 0.06
    assert (out["p10"] <= out["p50"]).all()


def test_thousands_are_sent_to_the_batch_engine() -> None:
    many = (
        frame(["x"])
        .join(pl.DataFrame({"i": range(201)}), how="cross")
        .with_columns(series_id=pl.col("i").cast(pl.String))
    )
    with pytest.raises(ForecastError, match="too many"):
        important_series(many, date(2026, 1, 1), 12)
