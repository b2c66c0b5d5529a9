"""Where the programme budget goes, and which coverage tier each account gets."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.coverage import Coverage
from data_contracts.economics import Budget
from data_contracts.money import show
from pipelines.planning.proofs import COMPANY, ProofLine
from solvers.allocation import allocate_budget, response_cents
from solvers.segmentation import Tiers, assign_tiers, coverage_value

ALLOCATION_SCHEMA = {
    "segment_id": pl.String,
    "activity": pl.String,
    "spend_cents": pl.Int64,
    "value_cents": pl.Int64,
    "reason": pl.String,
}
COVERAGE_SCHEMA = {
    "account_id": pl.String,
    "coverage_tier": pl.String,
    "value_cents": pl.Int64,
    "reason": pl.String,
}
UNLIMITED = 2**53  # potential no tier saturates below
CLOSED = -(2**53)  # worth of a tier that an account may not have


def plan_budget(budget: Budget) -> tuple[pl.DataFrame, list[ProofLine]]:
    """Split the year's programme budget where the next unit brings most.

    Returns
    -------
    frame of allocation lines, list of ProofLine
        Both empty where the policy names no activity. Spending never passes the
        budget; floors and caps hold.

    Raises
    ------
    InfeasibleError
        If floors exceed the budget.
    """
    rows = sorted(budget.activities, key=lambda each: (each.segment_id, each.id))
    if not rows:
        return pl.DataFrame(schema=ALLOCATION_SCHEMA), []
    top, scale, steep = (
        np.array([float(getattr(each, name)) for each in rows])
        for name in ("top_in_currency", "scale_in_currency", "steepness")
    )
    total = round(budget.year_in_currency * 100)
    caps = [
        total if each.cap_in_currency is None else round(each.cap_in_currency * 100)
        for each in rows
    ]
    found = allocate_budget(
        total,
        top_cents=top * 100,
        scale_cents=scale * 100,
        steepness=steep,
        floor_cents=np.array([round(each.floor_in_currency * 100) for each in rows]),
        cap_cents=np.array(caps, dtype=np.int64),
        unit_cents=max(round(budget.unit_in_currency * 100), 1),
    )
    value = response_cents(
        found.spend_cents.astype(np.float64), top * 100, scale * 100, steep
    )
    spent = int(found.spend_cents.sum())
    lines = pl.DataFrame(
        {
            "segment_id": [each.segment_id for each in rows],
            "activity": [each.id for each in rows],
            "spend_cents": found.spend_cents,
            "value_cents": np.rint(value).astype(np.int64),
            "reason": [
                f"brings {show(round(float(brings)))} of at most "
                f"{show(round(each.top_in_currency * 100))}; the last unit anywhere "
                f"earns {found.price:.2f} for each 1.00 spent"
                for each, brings in zip(rows, value, strict=True)
            ],
        },
        schema=ALLOCATION_SCHEMA,
    )
    proof = ProofLine(
        solver="allocation",
        node_id=COMPANY,
        proof=found.proof,
        unit="cents",
        objective=found.value_cents,
        bound=found.bound_cents,
        gap_share=found.gap_share,
        is_verified=spent <= total
        and bool(np.isclose(value.sum(), found.value_cents, rtol=1e-9)),
        statement=f"{show(spent)} of {show(total)} over {len(rows)} activities; no "
        f"split brings more than {show(round(found.bound_cents))}; the price bound is "
        f"{found.dual_gap_share:.1e} away",
    )
    return lines, [proof]


def plan_coverage(
    coverage: Coverage, accounts: pl.DataFrame
) -> tuple[pl.DataFrame, list[ProofLine]]:
    """Put every account into the tier where covering it is worth the most.

    Parameters
    ----------
    coverage : Coverage
        Tiers with what they win, cost and hold; overrides come first.
    accounts : frame of account_id, potential_cents
        With `grade` where a tier is for some grades only.

    Returns
    -------
    frame of coverage lines, list of ProofLine
        Both empty where the policy names no tier.

    Raises
    ------
    InfeasibleError
        If overrides overfill a tier.
    """
    tiers = coverage.tiers
    if not tiers or accounts.is_empty():
        return pl.DataFrame(schema=COVERAGE_SCHEMA), []
    names = [tier.id for tier in tiers]
    ids = accounts["account_id"]
    value = coverage_value(
        accounts["potential_cents"].to_numpy(),
        saturation_cents=np.array(
            [
                UNLIMITED
                if tier.saturation_in_currency is None
                else round(tier.saturation_in_currency * 100)
                for tier in tiers
            ],
            dtype=np.int64,
        ),
        yield_share=np.array([tier.yield_share for tier in tiers]),
        cost_cents=np.array(
            [round(tier.cost_in_currency * 100) for tier in tiers], dtype=np.int64
        ),
    )
    room = np.array(
        [
            accounts.height
            if tier.max_accounts_count is None
            else tier.max_accounts_count
            for tier in tiers
        ],
        dtype=np.int64,
    )
    chosen = [coverage.overrides.get(account) for account in ids]
    fixed = np.array(
        [-1 if tier is None else names.index(tier) for tier in chosen], dtype=np.intp
    )
    may = _open_tiers(coverage, accounts)
    may[fixed >= 0, fixed[fixed >= 0]] = True  # a person may
    found = assign_tiers(
        value, room, fixed_tier=fixed, allowed=may, account_ids=ids.to_numpy()
    )
    worth = value[np.arange(accounts.height), found.tier_of_account]
    best = np.where(may, value, CLOSED).max(axis=1)
    reasons = [
        "decided by hand"
        if fixed[row] >= 0
        else "worth the most here"
        if worth[row] >= best[row]
        else f"{show(int(best[row] - worth[row]))} less than its best tier, whose "
        "places are worth more to others"
        for row in range(accounts.height)
    ]
    lines = pl.DataFrame(
        {
            "account_id": ids,
            "coverage_tier": [names[tier] for tier in found.tier_of_account],
            "value_cents": worth,
            "reason": reasons,
        },
        schema=COVERAGE_SCHEMA,
    )
    return lines, [_coverage_proof(found, names, value, room, fixed, may)]


def _open_tiers(coverage: Coverage, accounts: pl.DataFrame) -> NDArray[np.bool_]:
    """Return which tiers each account's grade leaves open, (n_accounts, n_tiers)."""
    may = np.ones((accounts.height, len(coverage.tiers)), dtype=bool)
    for place, tier in enumerate(coverage.tiers):
        if tier.grades:
            fits = accounts["grade"].is_in(list(tier.grades)).fill_null(value=False)
            may[:, place] = fits.to_numpy()
    return may


def _coverage_proof(
    found: Tiers,
    names: list[str],
    value: NDArray[np.int64],
    room: NDArray[np.int64],
    fixed: NDArray[np.intp],
    may: NDArray[np.bool_],
) -> ProofLine:
    """Work the bound out again from the prices alone."""
    free = fixed < 0
    rows = np.arange(fixed.size)[~free]
    left = room - np.bincount(fixed[~free], minlength=room.size)
    worth = np.where(may[free], value[free] - found.price_cents[None, :], CLOSED)
    priced = float(worth.max(axis=1).sum())
    bound = (
        priced + float(found.price_cents @ left) + int(value[rows, fixed[~free]].sum())
    )
    counts = ", ".join(
        f"{name} {n}" for name, n in zip(names, found.count, strict=True)
    )
    return ProofLine(
        solver="coverage",
        node_id=COMPANY,
        proof=found.proof,
        unit="cents",
        objective=float(found.value_cents),
        bound=float(found.bound_cents),
        gap_share=found.gap_share,
        is_verified=bool(np.isclose(bound, found.bound_cents, rtol=1e-9))
        and bool((found.count <= room).all()),
        statement=f"{counts}; no split within the places is worth more than "
        f"{show(found.bound_cents)}",
    )
