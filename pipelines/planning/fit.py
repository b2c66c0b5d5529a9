"""How near each account is to the ideal customer, and what that makes it worth."""

from collections.abc import Iterator

import polars as pl

from data_contracts.coverage import CUSTOMERS, IdealCustomer
from data_contracts.money import show
from pipelines.planning.proofs import COMPANY, ProofLine
from solvers.result import Proof

UNKNOWN_SCORE = 0.5
"""Where the profile states no criterion, or an account stands alone."""


def with_fit(accounts: pl.DataFrame, ideal: IdealCustomer | None) -> pl.DataFrame:
    """Score accounts against the ideal customer and weigh their potential by it.

    Parameters
    ----------
    accounts : frame of account_id, segment_id, region_id, industry, employee_count,
        bookings_12m_cents, potential_cents
    ideal : IdealCustomer or None
        None leaves potential as it is.

    Returns
    -------
    frame
        The same accounts with ``fit_share`` (0 to 1; null without a profile) and
        ``grade`` (null without grades); ``potential_cents`` is what it was times
        ``1 + swing * (2 * score - 1)``, in whole cents, ``unweighed_cents`` that.

    Notes
    -----
    Firmographics: the part of the stated criteria (industry, size, region) that the
    account meets. Wallet: its rank by potential within the segment, 0 the least, 1 the
    most. Fit: the part of its segment's accounts in its industry that booked in the
    last twelve months, against the best industry of the segment.
    """
    nothing = pl.lit(None)
    if ideal is None:
        return accounts.with_columns(
            fit_share=nothing.cast(pl.Float64),
            grade=nothing.cast(pl.String),
            unweighed_cents="potential_cents",
        )
    weights = ideal.weights
    peers = ("segment_id", "industry")
    buys = (pl.col("bookings_12m_cents") > 0).mean().over(peers)
    best = buys.max().over("segment_id")
    rank = pl.col("potential_cents").rank("average").over("segment_id") - 1
    others = pl.len().over("segment_id") - 1
    score = (
        weights.firmographics_share * _firmographics(ideal)
        + weights.wallet_share
        * pl.when(others > 0).then(rank / others).otherwise(UNKNOWN_SCORE)
        + weights.fit_share * pl.when(best > 0).then(buys / best).otherwise(0.0)
    )
    scored = accounts.with_columns(fit_share=score.clip(0.0, 1.0))
    grade = nothing.cast(pl.String)
    for step in reversed(ideal.grades):
        # what is a hair below a bound by rounding is on it
        is_in = pl.col("fit_share") >= step.min_score_share - 1e-12
        grade = pl.when(is_in).then(pl.lit(step.id)).otherwise(grade)
    swing = 1 + ideal.potential_swing_share * (2 * pl.col("fit_share") - 1)
    return scored.with_columns(
        grade=grade,
        unweighed_cents="potential_cents",
        potential_cents=(pl.col("potential_cents") * swing).round().cast(pl.Int64),
    )


def fit_proofs(
    ideal: IdealCustomer | None, accounts: pl.DataFrame
) -> Iterator[ProofLine]:
    """Say what the ideal customer made of all potential, and how grades fall.

    Parameters
    ----------
    ideal : IdealCustomer or None
        Without one nothing is said.
    accounts : frame from `with_fit`
    """
    if ideal is None:
        return
    was = int(accounts["unweighed_cents"].sum())
    now = int(accounts["potential_cents"].sum())
    counts = dict(accounts.group_by("grade").len().iter_rows())
    told = ", ".join(f"{g.id} {counts.get(g.id, 0)}" for g in ideal.grades)
    swing = ideal.potential_swing_share
    least, most = was * (1 - swing), was * (1 + swing)
    yield ProofLine(
        solver="ideal_customer",
        node_id=COMPANY,
        proof=Proof.FEASIBLE,
        unit="cents",
        objective=float(now),
        bound=None,
        gap_share=None,
        is_verified=least - accounts.height <= now <= most + accounts.height,
        statement=f"potential of {show(was)} counts as {show(now)}: between "
        f"{1 - swing:.2f} and {1 + swing:.2f} times by score; accounts by grade: "
        f"{told or 'none'}",
    )


def is_in_group(accounts: pl.DataFrame, group: str) -> pl.Series:
    """Tell which accounts belong to a group of the account mix, (n_accounts,) bool."""
    told = (
        pl.col("bookings_12m_cents") > 0
        if group == CUSTOMERS
        else pl.col("grade") == group
    )
    return accounts.select(told.fill_null(value=False).alias(group)).to_series()


def _firmographics(ideal: IdealCustomer) -> pl.Expr:
    criteria: list[pl.Expr] = []
    if ideal.industries:
        criteria.append(pl.col("industry").is_in(list(ideal.industries)))
    if ideal.min_employee_count is not None or ideal.max_employee_count is not None:
        low = ideal.min_employee_count or 0
        fits = pl.col("employee_count") >= low
        if ideal.max_employee_count is not None:
            fits &= pl.col("employee_count") <= ideal.max_employee_count
        criteria.append(fits)
    if ideal.regions:
        criteria.append(pl.col("region_id").is_in(list(ideal.regions)))
    if not criteria:
        return pl.lit(UNKNOWN_SCORE)
    met = [each.fill_null(value=False).cast(pl.Float64) for each in criteria]
    return pl.sum_horizontal(met) / len(met)
