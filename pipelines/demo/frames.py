"""Turn the simulation's numbers into the typed columns of an extract."""

from decimal import Decimal
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo.months import SECONDS_A_DAY

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"


def ids(prefix: str, rows: NDArray[Any], width: int) -> pl.Series:
    """Return opaque ids such as ``A000012``; a negative row has none.

    Examples
    --------
    >>> ids("A", np.array([12, -1]), 6).to_list()
    ['A000012', None]
    """
    numbers = pl.Series(rows.astype(np.int64))
    text = prefix + numbers.cast(pl.String).str.zfill(width)
    is_none = numbers < 0
    return text.set(is_none, None) if is_none.any() else text


def chosen(words: tuple[str, ...], places: NDArray[Any]) -> pl.Series:
    """Return one of a few words per row; a negative place is null."""
    found = pl.Series(words, dtype=pl.String).gather(
        np.maximum(places, 0).astype(np.int64)
    )
    is_null = pl.Series(places < 0)
    return found.set(is_null, None) if is_null.any() else found


def days(numbers: NDArray[Any], *, known_to: int | None = None) -> pl.Series:
    """Return dates; a day after `known_to` is not known yet, so null."""
    series = pl.Series(numbers.astype(np.int32))
    if known_to is not None:
        series = series.set(series > known_to, None)
    return series.cast(pl.Date)


def times(seconds: NDArray[Any], *, known_to: int | None = None) -> pl.Series:
    """Return UTC times; a moment after the day `known_to` is not known yet, so null."""
    series = pl.Series(seconds.astype(np.int64))
    if known_to is not None:
        series = series.set(series >= (known_to + 1) * SECONDS_A_DAY, None)
    return (series * 1_000_000).cast(pl.Datetime("us", "UTC"))


def amounts(cents: NDArray[Any] | pl.Series) -> pl.Series:
    """Return exact decimal money with two places from whole cents.

    Examples
    --------
    >>> amounts(np.array([120030])).to_list()
    [Decimal('1200.30')]
    """
    series = (
        cents if isinstance(cents, pl.Series) else pl.Series(cents.astype(np.int64))
    )
    return pl.select(
        series.cast(pl.Decimal(18, 2)).alias("value") * pl.lit(Decimal("0.01"))
    ).to_series()
