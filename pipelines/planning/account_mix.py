"""What a book should hold: further measures that are balanced, and the mix checked."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.coverage import MixRule
from data_contracts.policy import CompanyPolicy
from pipelines.planning.fit import is_in_group
from pipelines.planning.proofs import ProofLine
from solvers.result import Proof

BOOKINGS = "bookings_12m_cents"


def balanced_metrics(
    policy: CompanyPolicy, accounts: pl.DataFrame
) -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]:
    """Return what books are balanced by: names, loads and tolerances.

    Parameters
    ----------
    accounts : frame from ``accounts_with_potential``

    Returns
    -------
    names, (n_accounts, n_metrics) float64, (n_metrics,) float64
        Potential and accounts first, always; then bookings, and each group of the
        account mix that is balanced. A tolerance of inf balances nothing.
    """
    rules = policy.territories
    further = rules.balance_tolerance_by_metric_share
    names = ["potential", "accounts"]
    columns = [accounts["potential_cents"].to_numpy(), np.ones(accounts.height)]
    tolerance = [rules.balance_tolerance_share, further.get("accounts", np.inf)]
    if "bookings" in further:
        names.append("bookings")
        columns.append(accounts[BOOKINGS].to_numpy())
        tolerance.append(further["bookings"])
    for rule in policy.coverage.account_mix:
        if rule.balance_tolerance_share is not None:
            names.append(f"{rule.group} by {rule.counted_by}")
            columns.append(_load(accounts, rule))
            tolerance.append(rule.balance_tolerance_share)
    return (
        tuple(names),
        np.column_stack(columns).astype(np.float64),
        np.array(tolerance),
    )


def mix_proofs(
    rules: Sequence[MixRule],
    accounts: pl.DataFrame,
    owners: Sequence[str | None],
) -> Iterator[ProofLine]:
    """Hold every book to the account mix; one statement for each rule with a range.

    Parameters
    ----------
    rules : sequence of MixRule
    accounts : frame from ``accounts_with_potential``
    owners : (n_accounts,) rep ids, None for nobody
    """
    for rule in rules:
        if (rule.min_share, rule.max_share) == (0, 1):
            continue  # it only balances
        held = accounts.select(
            rep_id=pl.Series(owners, dtype=pl.String),
            part=pl.Series(_load(accounts, rule)),
            whole=pl.Series(_size(accounts, rule)),
        )
        books = (
            held.drop_nulls("rep_id")
            .group_by("rep_id")
            .agg(pl.col("part").sum(), pl.col("whole").sum())
            .filter(pl.col("whole") > 0)
            .select("rep_id", share=pl.col("part") / pl.col("whole"))
            .sort("rep_id")
        )
        low, high = rule.min_share - 1e-9, rule.max_share + 1e-9
        outside = books.filter(~pl.col("share").is_between(low, high))
        told = ", ".join(f"{rep} {share:.1%}" for rep, share in outside.iter_rows())
        asked = f"{rule.min_share:.0%} to {rule.max_share:.0%}"
        kept = f"every book holds {asked}"
        missed = f"{outside.height} of {books.height} books hold another part: {told}"
        yield ProofLine(
            solver="account_mix",
            node_id=f"{rule.group}:{rule.counted_by}",
            proof=Proof.FEASIBLE if outside.is_empty() else Proof.BEST_EFFORT,
            unit="books",
            objective=float(outside.height),
            bound=0.0,
            gap_share=None,
            is_verified=True,
            statement=f"{rule.group} of a book's {rule.counted_by}: "
            + (kept if outside.is_empty() else f"{asked} asked; {missed}"),
        )


def _load(accounts: pl.DataFrame, rule: MixRule) -> NDArray[np.float64]:
    is_in = is_in_group(accounts, rule.group).to_numpy()
    return np.where(is_in, _size(accounts, rule), 0.0)


def _size(accounts: pl.DataFrame, rule: MixRule) -> NDArray[np.float64]:
    if rule.counted_by == "accounts":
        return np.ones(accounts.height)
    return accounts["potential_cents"].to_numpy().astype(np.float64)
