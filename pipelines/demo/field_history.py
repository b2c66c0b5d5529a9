"""The other shape a CRM keeps history in: one row per field that changed."""

from typing import Final

import polars as pl

TRACKED: Final = ("stage", "amount", "probability", "close_date", "forecast_category")


def fields_of(snapshots: pl.DataFrame) -> pl.DataFrame:
    """Return what changed from each snapshot to the next, field by field.

    Parameters
    ----------
    snapshots : DataFrame
        Canonical ``crm-opportunity-history``, in order of time for each deal; a
        deal's rows lie together. A first snapshot tells what the deal began with.

    Returns
    -------
    DataFrame
        Canonical ``crm-opportunity-field-history``: opportunity_id, changed_at,
        field, old_value, new_value; a field that stayed the same has no row.

    Examples
    --------
    >>> from datetime import datetime
    >>> frame = pl.DataFrame({
    ...     "opportunity_id": ["O1", "O1"],
    ...     "changed_at": [datetime(2026, 1, 1), datetime(2026, 1, 9)],
    ...     "stage": ["Qualification", "Proposal"], "amount": [100, 100],
    ...     "probability": [25, 50], "close_date": ["2026-02-01", "2026-02-01"],
    ...     "forecast_category": ["Pipeline", "Pipeline"],
    ... })
    >>> fields_of(frame)["field"].to_list()[-2:]
    ['probability', 'stage']
    """
    told = snapshots.with_columns(pl.col(*TRACKED).cast(pl.String))
    before = told.select(
        pl.col(name).shift(1).over("opportunity_id").alias(name) for name in TRACKED
    )
    pieces = [
        told.select(
            "opportunity_id",
            "changed_at",
            pl.lit(name).alias("field"),
            before[name].alias("old_value"),
            pl.col(name).alias("new_value"),
        ).filter(pl.col("old_value").ne_missing(pl.col("new_value")))
        for name in sorted(TRACKED)
    ]
    return pl.concat(pieces).sort(
        "opportunity_id", "changed_at", "field", maintain_order=True
    )
