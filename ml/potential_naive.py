"""The potential a planner would write down without a model: last year again."""

from datetime import date

import polars as pl

from ml.panel import check_columns
from ml.potential import SPEND_COLUMNS

NAIVE_POTENTIAL = "last year repeated"


def last_year(
    accounts: pl.DataFrame, spend: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """Return every account's spend of the last 12 months as its potential.

    Parameters
    ----------
    accounts : polars.DataFrame
        account_id str; each once.
    spend : polars.DataFrame
        account_id str, booked_on date, amount_cents i64 (credits negative).
    as_of : date
        Bookings after it are not read.

    Returns
    -------
    polars.DataFrame
        account_id str, potential_cents i64 >= 0, sorted by id. Accounts that spent
        nothing are given what such accounts came to bring: last year's spend of
        accounts without any in the year before, evenly over all without any.
    """
    ids = check_columns(accounts, {"account_id": pl.String()}, "the accounts")
    rows = check_columns(spend, SPEND_COLUMNS, "the bookings").filter(
        pl.col("booked_on") <= as_of
    )
    day = pl.lit(as_of)
    for name, start, stop in (("last", 12, 0), ("before", 24, 12)):
        inside = rows.filter(
            (pl.col("booked_on") > day.dt.offset_by(f"-{start}mo"))
            & (pl.col("booked_on") <= day.dt.offset_by(f"-{stop}mo"))
        )
        total = inside.group_by("account_id").agg(pl.col("amount_cents").sum())
        ids = ids.join(
            total.rename({"amount_cents": name}), on="account_id", how="left"
        ).with_columns(pl.col(name).fill_null(0).clip(0))
    fresh = ids.filter(pl.col("before") == 0)
    each = fresh["last"].sum() / max(fresh.height, 1)
    return ids.sort("account_id").select(
        "account_id",
        potential_cents=pl.when(pl.col("last") > 0)
        .then(pl.col("last"))
        .otherwise(round(each))
        .cast(pl.Int64),
    )
