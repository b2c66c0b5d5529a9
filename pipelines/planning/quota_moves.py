"""What quota follows an account that changes hands in the middle of a year."""

from collections import defaultdict
from datetime import date
from typing import Literal

import polars as pl

from data_contracts.money import split

Mode = Literal["stays", "pro_rated", "whole"]


def move_quotas(
    quotas: pl.DataFrame, year: pl.DataFrame, books: pl.DataFrame, *, mode: Mode
) -> pl.DataFrame:
    """Let quota follow moved accounts, as the policy says.

    Parameters
    ----------
    quotas : quota lines of the months that may change
        As carried over: everybody's quota as it was.
    year : quota lines of the version before, all its months
    books : assignment lines after the move
        ``previous_rep_id`` tells whose accounts moved.
    mode : {'stays', 'pro_rated', 'whole'}
        Nothing; the account's share of each remaining month; or its share of the
        whole year, passed months included, spread over the remaining months.

    Returns
    -------
    quota lines
        Every month's sum over all reps is what it was. An account's share is that of
        its potential in the book it left; a rep gives no more than the quota left.
    """
    if mode == "stays" or quotas.is_empty():
        return quotas
    moves = _shares(books)
    cents = {
        (rep, month): value
        for rep, month, value in quotas.select(
            "rep_id", "month_start", "quota_cents"
        ).iter_rows()
    }
    whole_year = dict(
        year.group_by("rep_id").agg(pl.col("quota_cents").sum()).iter_rows()
    )
    months = quotas["month_start"].unique().sort().to_list()
    has_quota = set(quotas["rep_id"])
    was = dict(cents)
    got: dict[str, set[str]] = defaultdict(set)
    for old, new, share in moves:
        if old not in has_quota or new not in has_quota:
            continue
        for month, part in _parts(old, share, months, was, whole_year, mode):
            moved = min(part, cents[old, month])
            cents[old, month] -= moved
            cents[new, month] += moved
        got[new].add(old)
    return _with_cents(quotas, cents, got)


def _parts(
    old: str,
    share: float,
    months: list[date],
    was: dict[tuple[str, date], int],
    whole_year: dict[str, int],
    mode: Mode,
) -> list[tuple[date, int]]:
    weights = [was[old, month] for month in months]
    if mode == "pro_rated":
        return [(m, round(w * share)) for m, w in zip(months, weights, strict=True)]
    total = round(whole_year.get(old, sum(weights)) * share)
    return list(zip(months, split(total, weights), strict=True))


def _shares(books: pl.DataFrame) -> list[tuple[str, str, float]]:
    """Return giver, receiver and the part of the giver's book that goes there."""
    known = books.with_columns(
        pl.coalesce("previous_rep_id", "rep_id").alias("old"),
        pl.col("potential_cents").fill_null(0).alias("worth"),
    )
    whole = known.group_by("old").agg(
        pl.col("worth").sum().alias("book"), pl.len().alias("accounts")
    )
    moved = (
        known.filter(pl.col("is_moved"))
        .group_by("old", "rep_id")
        .agg(pl.col("worth").sum(), pl.len().alias("moved"))
        .join(whole, on="old")
        .sort("old", "rep_id")
    )
    share = (
        pl.when(pl.col("book") > 0)
        .then(pl.col("worth") / pl.col("book"))
        .otherwise(pl.col("moved") / pl.col("accounts"))
    )
    return list(moved.select("old", "rep_id", share.alias("share")).iter_rows())


def _with_cents(
    quotas: pl.DataFrame,
    cents: dict[tuple[str, date], int],
    got: dict[str, set[str]],
) -> pl.DataFrame:
    rows = list(quotas.select("rep_id", "month_start", "reason").iter_rows())
    reasons = [
        f"{reason}; with accounts of {', '.join(sorted(got[rep]))}"
        if rep in got
        else reason
        for rep, _, reason in rows
    ]
    return quotas.with_columns(
        pl.Series("quota_cents", [cents[rep, m] for rep, m, _ in rows], dtype=pl.Int64),
        pl.Series("reason", reasons, dtype=pl.String),
    )
