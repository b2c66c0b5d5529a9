"""What the year is to bring, segment by segment: by growth, by products or by ARR."""

import polars as pl

from data_contracts.calendar import add_months
from data_contracts.errors import PolicyError
from pipelines.planning.inputs import Facts
from pipelines.planning.recurring import recurring_of
from pipelines.planning.targets import (
    Horizon,
    launch_parts,
    season_shares,
    target_cells,
    trailing_cents,
)

OTHER = "other"
"""Bookings of products the policy does not name, and of deals that name none."""


def asked_cells(facts: Facts, plan: Horizon) -> pl.DataFrame:
    """Set the bookings target of every segment, region and month, as the policy asks.

    Returns
    -------
    frame of segment_id, region_id, month_start, value_cents
        See :func:`pipelines.planning.targets.target_cells`.

    Raises
    ------
    PolicyError
        If a product was never sold, or ARR is to grow and no booking brings any.
    """
    return target_cells(
        facts.bookings,
        facts.policy,
        plan,
        last_full_month=facts.last_full_month,
        year_cents=year_cents(facts, plan),
    )


def asked_reason(facts: Facts) -> str:
    """Say in words where the targets come from."""
    targets = facts.policy.targets
    if targets.growth_of == "arr":
        return (
            f"bookings that take ARR {targets.growth_share:.1%} above its opening (by "
            "segment where the policy says so), in their season"
        )
    if targets.products:
        return (
            "growth, mix and price of each product on the last twelve months, in "
            "their season"
        )
    return (
        f"growth {targets.growth_share:.1%} (by segment where the policy says so) "
        "on the last twelve months, in their season"
    )


def year_cents(facts: Facts, plan: Horizon) -> dict[str, int]:
    """Return a year's bookings of segments whose growth alone does not decide them."""
    if facts.policy.targets.growth_of == "arr":
        segments = sorted(facts.arr["segment_id"].drop_nulls().unique())
        return {segment: _for_arr(facts, plan, segment) for segment in segments}
    return {
        segment: round(sum(parts.values()))
        for segment, parts in product_cents(facts).items()
    }


def product_cents(facts: Facts) -> dict[str, dict[str, float]]:
    """Return what each product is to bring in a whole year, by segment, in cents.

    Returns
    -------
    dict of segment id to dict of product id to cents
        Launches aside; empty where the policy names no product. Products it does not
        name are one, ``other``, which grows as its segment does.

    Raises
    ------
    PolicyError
        If a product was never sold, has no mix and no launch: nothing says how much
        of it to plan.

    Notes
    -----
    With T the bookings of the last twelve months, g growth and p the change of price:
    T × (1 + g) × (1 + p) for each product; with a mix m it is the segment's
    T × (1 + g) × m × (1 + p).
    """
    targets = facts.policy.targets
    if not targets.products:
        return {}
    _refuse_unknown(facts)
    is_mixed = targets.products[0].mix_share is not None
    start = add_months(facts.last_full_month, -11)
    recent = facts.products.filter(pl.col("month_start") >= start)
    sold = {
        (segment, product): int(cents)
        for segment, product, cents in recent.group_by("segment_id", "product_id")
        .agg(pl.col("amount_cents").sum())
        .iter_rows()
    }
    found: dict[str, dict[str, float]] = {}
    for segment in (one.id for one in facts.policy.segments):
        total, scale = trailing_cents(facts.bookings, facts.last_full_month, segment)
        growth = 1 + targets.growth_share_by_segment.get(segment, targets.growth_share)
        mine: dict[str, float] = {}
        rest = float(total)
        for one in targets.products:
            was = max(sold.get((segment, one.product_id), 0), 0)
            rest -= was
            own = growth if one.growth_share is None else 1 + one.growth_share
            volume = (
                was * own if one.mix_share is None else total * growth * (one.mix_share)
            )
            mine[one.product_id] = volume * scale * (1 + one.price_change_share)
        if not is_mixed:
            mine[OTHER] = max(rest, 0.0) * scale * growth
        found[segment] = mine
    return found


def _for_arr(facts: Facts, plan: Horizon, segment: str) -> int:
    """Return the year's bookings that take a segment's ARR to where it should be.

    Notes
    -----
    With opening A, growth g of the year's opening O, k = 1 + expansion - lost, N the
    ARR won for one cent booked, s the season and L launches over n months left:
    A k**n + N sum((Y s_i + L_i) k**(n - i)) = O (1 + g), solved for Y.
    """
    targets, moves = facts.policy.targets, recurring_of(facts, segment)
    if moves.new_per_booking <= 0:
        raise PolicyError(
            f"targets.growth_of is arr, but bookings of segment {segment!r} brought no "
            "ARR in the last twelve months",
            fix="set targets.arr_drivers_by_segment."
            f"{segment}.new_arr_per_booking_share, or grow bookings instead",
        )
    growth = targets.growth_share_by_segment.get(segment, targets.growth_share)
    opens = plan.year_month_starts[0]
    if opens > facts.last_full_month:
        year_opening = moves.opening_cents(facts.last_full_month, opens)
    else:
        mine = facts.arr.filter(
            pl.col("segment_id") == segment, pl.col("month_start") < opens
        )
        year_opening = int(mine["amount_cents"].sum())
    opening = moves.opening_cents(facts.last_full_month, plan.month_starts[0])
    keeps = 1 + moves.expansion_share - moves.lost_share
    season = season_shares(facts.bookings, facts.policy, plan, facts.last_full_month)
    launched = launch_parts(
        facts.bookings, facts.policy, plan, facts.last_full_month, ()
    )
    n_months, shape, extra = len(plan.month_starts), 0.0, 0.0
    for place, month in enumerate(plan.month_starts):
        left = keeps ** (n_months - 1 - place)
        shape += season[segment][plan.year_month_starts.index(month)] * left
        extra += left * sum(
            cents
            for (where, when, _), cents in launched.items()
            if (where, when) == (segment, month)
        )
    missing = year_opening * (1 + growth) - opening * keeps**n_months
    return max(round((missing / moves.new_per_booking - extra) / shape), 0)


def _refuse_unknown(facts: Facts) -> None:
    sold = set(facts.products["product_id"])
    launched = {launch.product_id for launch in facts.policy.launches}
    for one in facts.policy.targets.products:
        if one.mix_share is None and one.product_id not in sold | launched:
            raise PolicyError(
                f"targets.products names {one.product_id!r}, of which nothing was sold "
                f"and no launch tells; sold is {', '.join(sorted(sold)) or 'nothing'}",
                fix="mend the product_id, give every product a mix_share, or list its "
                "launch",
            )
