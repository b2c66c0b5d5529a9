"""Deals in the customer's currency, and the dated rates that bring them back."""

from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import streams
from pipelines.demo.frames import amounts, chosen, days
from pipelines.demo.months import SECONDS_A_DAY, Months
from pipelines.demo.places import CURRENCY_OF_COUNTRY
from pipelines.demo.world import World

CURRENCIES: Final = ("USD", *sorted({*CURRENCY_OF_COUNTRY.values(), "EUR"} - {"USD"}))
# units of currency for a dollar, rounded; where the walk starts, not a source of rates
UNITS_A_DOLLAR: Final = {
    "USD": 1.0, "AUD": 1.52, "CAD": 1.36, "CHF": 0.88, "DKK": 6.9, "EUR": 0.93,
    "GBP": 0.79, "INR": 83.0, "JPY": 150.0, "NOK": 10.6, "NZD": 1.65, "PLN": 4.0,
    "SEK": 10.5, "SGD": 1.34,
}  # fmt: skip
MONTH_SIGMA: Final = 0.02  # of a log rate a month; assumption


def rates(seed: int, months: Months) -> NDArray[np.float64]:
    """Return dollars for a unit of each currency, (n_months, n_currencies).

    Notes
    -----
    A random walk of the log rate; a month's step does not depend on later months.
    """
    start = np.array([1.0 / UNITS_A_DOLLAR[name] for name in CURRENCIES])
    steps = np.stack(
        [
            streams.stream(seed, "rates", month).normal(0, MONTH_SIGMA, len(CURRENCIES))
            for month in range(len(months))
        ]
    )
    steps[:, 0] = 0.0
    walk: NDArray[np.float64] = start * np.exp(np.cumsum(steps, axis=0))
    return np.round(walk, 6)


def exchange_rates(world: World, night: int) -> pl.DataFrame:
    """Return the rates in force from the first of each month, as known on a night."""
    known = np.flatnonzero(world.months.start[:-1] <= night)
    table = rates(world.seed, world.months)[known]
    month, currency = np.divmod(np.arange(table.size), len(CURRENCIES))
    return pl.DataFrame(
        {
            "currency": chosen(CURRENCIES, currency),
            "started_on": days(world.months.start[known][month]),
            "rate": table.ravel(),
        }
    )


def localised(contract: str, frame: pl.DataFrame, world: World) -> pl.DataFrame:
    """Restate deals in the customer's currency at the rate of their first month.

    Billing stays in dollars, so that reconciling needs the rates.
    """
    if contract not in {"crm-opportunities", "crm-opportunity-history"}:
        return frame
    if not world.scenario.is_multi_currency or frame.is_empty():
        return frame
    deal = np.array(frame["opportunity_id"].str.slice(1).cast(pl.Int64))
    currency, factor = _of_deals(world, deal)
    local = (frame["amount"].cast(pl.Float64) * 100).to_numpy() * factor
    cents = pl.Series(np.nan_to_num(np.round(local)).astype(np.int64))
    cents = cents.set(frame["amount"].is_null(), None)
    frame = frame.with_columns(amounts(cents).alias("amount"))
    if "currency" in frame.columns:
        frame = frame.with_columns(chosen(CURRENCIES, currency).alias("currency"))
    return frame


def _of_deals(
    world: World, deal: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return each deal's currency and its units for a dollar."""
    names = [CURRENCY_OF_COUNTRY.get(one, "EUR") for one in world.places.country]
    of_city = np.array([CURRENCIES.index(name) for name in names])
    city = world.market.accounts["city"][world.deals.rows["account"][deal]]
    currency = of_city[city]
    month = world.months.of(world.deals.rows["created"][deal] // SECONDS_A_DAY)
    table = rates(world.seed, world.months)
    return currency, 1.0 / table[np.maximum(month, 0), currency]
