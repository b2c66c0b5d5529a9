"""Whether a change is small enough for the policy to approve it; pure rules."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import polars as pl

from data_contracts.approval import AutomaticApproval

Content = Mapping[str, pl.DataFrame]

POLICY: Final = "policy"


def policy_signature(policy_hash: str, limits: AutomaticApproval) -> str:
    """Return the name a policy signs with: its hash and who stands behind it."""
    return f"{POLICY} {policy_hash[:12]} signed by {limits.signed_by}"


def outside(
    limits: AutomaticApproval, old: Content, new: Content, *, start: date
) -> list[str]:
    """Return one sentence per limit that a change breaks; none where it is small.

    Parameters
    ----------
    limits : AutomaticApproval
    old, new : mapping of component name to frame
        The version in force and the one that changes it, in canonical form.
    start : date
        First day of the new one. Owners are compared on it, months from it on.

    Notes
    -----
    A rep whose old quota is zero changes without limit; so does a company.
    """
    moved, potential = _moved(old, new, start)
    total = int(new["assignment"]["potential_cents"].fill_null(0).sum())
    by_rep = _changes(old, new, "quota", ["rep_id"], "quota_cents", start)
    company = _changes(old, new, "quota", [], "quota_cents", start)
    hires = _changes(old, new, "hire", ["segment_id", "role"], "hires_count", start)
    pay = _changes(old, new, "compensation", [], "target_pay_cents", start)
    measured: list[tuple[str, float, float]] = [
        ("accounts that move", moved, limits.max_moved_accounts_count),
        (
            "share of potential that moves",
            potential / total if total else 0.0,
            limits.max_moved_potential_share,
        ),
        (
            "largest change of a rep's quota",
            _largest(by_rep),
            limits.max_rep_quota_change_share,
        ),
        (
            "change of all quotas together",
            _largest(company),
            limits.max_company_quota_change_share,
        ),
        (
            "hires more or less",
            float(sum(abs(after - before) for before, after in hires)),
            limits.max_hires_change_count,
        ),
        ("change of target pay", _largest(pay), limits.max_target_pay_change_share),
    ]
    return [
        f"{what}: {value:.4g}, at most {limit:.4g} may be approved automatically"
        for what, value, limit in measured
        if value > limit
    ]


def _moved(old: Content, new: Content, start: date) -> tuple[int, int]:
    """Return how many accounts change owner on the first day, and their potential."""
    sides = [
        side["assignment"]
        .filter(
            pl.col("valid_from") <= start,
            pl.col("valid_to").is_null() | (pl.col("valid_to") >= start),
        )
        .select("account_id", "rep_id", "potential_cents")
        for side in (old, new)
    ]
    both = sides[0].join(sides[1], on="account_id", how="full", suffix="_new")
    changed = both.filter(pl.col("rep_id").ne_missing(pl.col("rep_id_new")))
    worth = pl.coalesce("potential_cents_new", "potential_cents").fill_null(0)
    return changed.height, int(changed.select(worth).to_series().sum())


def _changes(
    old: Content, new: Content, component: str, by: list[str], value: str, start: date
) -> list[tuple[int, int]]:
    """Return sums before and after from a day on, for each group of either side."""
    sides = []
    for side in (old, new):
        frame = side[component].filter(pl.col("month_start") >= start)
        sums = frame.group_by(by or pl.lit(0).alias("all")).agg(pl.col(value).sum())
        sides.append({row[:-1]: int(row[-1] or 0) for row in sums.iter_rows()})
    keys: Iterable[tuple[object, ...]] = sorted({*sides[0], *sides[1]}, key=str)
    return [(sides[0].get(key, 0), sides[1].get(key, 0)) for key in keys]


def _largest(changes: list[tuple[int, int]]) -> float:
    shares = [
        abs(after - before) / before if before else float("inf")
        for before, after in changes
        if before != after
    ]
    return max(shares, default=0.0)
