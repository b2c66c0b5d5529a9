"""What a plan costs sales and marketing, month by month, and whether it may."""

from collections.abc import Mapping

import polars as pl

from data_contracts.money import show, split

Content = Mapping[str, pl.DataFrame]

BUDGET_SCHEMA = {
    "month_start": pl.Date,
    "segment_id": pl.String,
    "item": pl.String,
    "cost_cents": pl.Int64,
}


def budget_lines(content: Content) -> pl.DataFrame:
    """Return the budget a plan asks for.

    Parameters
    ----------
    content : mapping of component name to frame
        A version's lines.

    Returns
    -------
    frame of month_start, segment_id, item, cost_cents, sorted
        ``item`` is ``fixed_pay``, ``variable_pay`` or ``programme``. Pay is that of
        the planned heads at target; a segment's programme spend of the year follows
        its bookings targets over the months, to the cent.
    """
    pay = content["compensation"].select(
        "month_start",
        "segment_id",
        fixed_pay=pl.col("target_pay_cents") - pl.col("variable_cents"),
        variable_pay=pl.col("variable_cents"),
    )
    paid = pay.unpivot(
        index=["month_start", "segment_id"],
        variable_name="item",
        value_name="cost_cents",
    )
    return (
        pl.concat([paid.select(BUDGET_SCHEMA.keys()), _programme(content)])
        .group_by("month_start", "segment_id", "item")
        .agg(pl.col("cost_cents").sum())
        .filter(pl.col("cost_cents") != 0)
        .sort("month_start", "segment_id", "item")
    )


def over_ceiling(content: Content, year_cents: int) -> str | None:
    """Say by how much a plan costs more than a year's ceiling allows its months.

    Returns
    -------
    str or None
        None where it keeps within: so many twelfths of the ceiling as it has months.
    """
    lines = budget_lines(content)
    months = lines["month_start"].n_unique()
    most = year_cents * months // 12
    cost = int(lines["cost_cents"].sum())
    if cost <= most:
        return None
    return (
        f"it costs {show(cost)} in {months} month(s); the ceiling allows {show(most)}"
    )


def _programme(content: Content) -> pl.DataFrame:
    spends = content.get("allocation")
    if spends is None or spends.is_empty():
        return pl.DataFrame(schema=BUDGET_SCHEMA)
    targets = content["target"].filter(
        pl.col("node_level") == "segment", pl.col("measure") == "bookings"
    )
    rows = []
    for segment, cents in (
        spends.group_by("segment_id")
        .agg(pl.col("spend_cents").sum())
        .sort("segment_id")
        .iter_rows()
    ):
        mine = targets.filter(pl.col("node_id") == segment).sort("month_start")
        shape = mine if mine.height else _months(content)
        weights = shape["value_cents"].clip(lower_bound=0).to_list()
        rows += [
            (month, segment, "programme", part)
            for month, part in zip(
                shape["month_start"],
                split(cents, weights) if weights else [],
                strict=True,
            )
        ]
    return pl.DataFrame(rows, schema=BUDGET_SCHEMA, orient="row")


def _months(content: Content) -> pl.DataFrame:
    """Return the plan's months, all alike, for a segment without a target."""
    return (
        content["compensation"]
        .select("month_start", value_cents=pl.lit(1))
        .unique()
        .sort("month_start")
    )
