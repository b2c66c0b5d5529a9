"""Read rep-months into arrays: the one door through which people data enters `ml`.

Not for loading: the caller has already cut the rows at the date they were known.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.errors import ForecastError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

PANEL_COLUMNS: dict[str, pl.DataType] = {
    "rep_id": pl.String(),
    "month_start": pl.Date(),
    "role": pl.String(),
    "segment_id": pl.String(),
    "region_id": pl.String(),
    "hired_on": pl.Date(),
    "left_on": pl.Date(),
    "tenure_months": pl.Float64(),
    "active_share": pl.Float64(),
    "bookings_cents": pl.Int64(),
}
UNASSIGNED = "unassigned"  # stands in for a missing role, segment or region
RAMPED_TENURE = 120.0  # months; given to people whose start nobody recorded


@dataclass(frozen=True, slots=True)
class RepPanel:
    """Rep-months as arrays, sorted by rep and month, groups numbered by name.

    ``n`` rows are rep-months, ``i`` reps, ``g`` groups (segment and role) and
    ``m`` calendar months without gaps.
    """

    frame: pl.DataFrame  # the rows, sorted, in the columns of PANEL_COLUMNS
    rep_ids: list[str]  # (i,)
    groups: list[tuple[str, str]]  # (g,) segment_id, role; sorted
    segments: list[str]  # (s,) sorted
    months: Ints  # (m,) months since year 0, consecutive
    rep: Ints  # (n,) row's rep
    group: Ints  # (n,) row's group
    segment_of_group: Ints  # (g,)
    month: Ints  # (n,) row's place in `months`
    tenure: Floats  # (n,) months since hire, >= 0
    exposure: Floats  # (n,) share of the month worked, 0 to 1
    bookings: Floats  # (n,) cents
    is_leaver: Bools  # (i,) left on or before the last month seen
    is_hired_inside: Bools  # (i,) first day of work falls inside the window


def totals(place: Ints, values: Floats, count: int) -> Floats:
    """Return the sum of `values` at each place, (count,)."""
    return np.bincount(place, values, count).astype(np.float64)


def month_number(dates: pl.Series) -> Ints:
    """Return months since year 0 for each date, (n,) int."""
    number = dates.dt.year().cast(pl.Int64) * 12 + dates.dt.month().cast(pl.Int64) - 1
    return number.to_numpy().astype(np.intp)


def check_columns(
    frame: pl.DataFrame, wanted: dict[str, pl.DataType], what: str
) -> pl.DataFrame:
    """Return the wanted columns, cast; refuse a frame that cannot give them.

    Raises
    ------
    ValueError
        If a column is missing or cannot be cast to its type.
    ForecastError
        If there are no rows.
    """
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise ValueError(f"{what} lacks the columns {', '.join(missing)}")
    if frame.height == 0:
        raise ForecastError(
            f"{what} has no rows",
            fix="check that the extracts were loaded and that the as-of date is right",
        )
    for name, kind in wanted.items():
        if kind == pl.Date() and frame.schema[name].is_numeric():
            raise ValueError(
                f"{what} has a column of the wrong type: {name} holds numbers, "
                "not dates"
            )
    try:
        return frame.select(pl.col(name).cast(kind) for name, kind in wanted.items())
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{what} has a column of the wrong type: {error}") from error


def refuse_where(frame: pl.DataFrame, bad: pl.Expr, what: str, fix: str) -> None:
    """Raise a ForecastError that names the first row for which `bad` holds."""
    rows = frame.filter(bad)
    if rows.height:
        raise ForecastError(f"{what} in {rows.height} rows, first {rows.row(0)}", fix)


def read_panel(panel: pl.DataFrame) -> RepPanel:
    """Check a rep-month frame and turn it into arrays.

    Parameters
    ----------
    panel : polars.DataFrame
        One row per rep and month with the columns of `PANEL_COLUMNS`; further
        columns are ignored. Any row order.

    Returns
    -------
    RepPanel
        The same for any row order. A missing tenure is counted from the first
        month seen when that lies inside the window; people there from the start
        count as ramped.

    Raises
    ------
    ValueError
        If a column is missing or of the wrong type.
    ForecastError
        If there are no rows, a rep-month appears twice, a share is outside 0 to 1,
        or a number is missing or not finite.
    """
    rows = check_columns(panel, PANEL_COLUMNS, "the rep-month panel")
    refuse_where(
        rows,
        pl.any_horizontal(
            pl.col("rep_id", "month_start", "active_share", "bookings_cents").is_null()
        ),
        "rep_id, month_start, active_share or bookings_cents is missing",
        "an absent month with exposure needs a row with 0 bookings; drop the others",
    )
    refuse_where(
        rows,
        ~pl.col("active_share").is_between(-1e-9, 1 + 1e-9)
        | pl.col("tenure_months").is_infinite(),
        "active_share is outside 0 to 1, or tenure_months is not finite",
        "correct hire, leave and end dates in the HR extract",
    )
    refuse_where(
        rows,
        pl.struct("rep_id", "month_start").is_duplicated(),
        "a rep-month appears twice",
        "give each rep one row a month; credit splits belong in bookings_cents",
    )
    rows = rows.with_columns(
        pl.col("month_start").dt.truncate("1mo"),
        pl.col("role", "segment_id", "region_id").fill_null(UNASSIGNED),
        pl.col("active_share").clip(0.0, 1.0),
        pl.col("tenure_months").fill_nan(None),
    ).sort("rep_id", "month_start")
    rows = rows.with_columns(tenure_months=_filled_tenure(rows))
    return _arrays(rows)


def _filled_tenure(rows: pl.DataFrame) -> pl.Expr:
    """Tenure in months: as given, else from the hire date, else from first sight."""
    middle = pl.col("month_start").dt.offset_by("15d")
    from_hire = (middle - pl.col("hired_on")).dt.total_days() / 30.4375
    start = pl.lit(rows["month_start"].min())
    first = pl.col("month_start").filter(pl.col("active_share") > 0).min()
    first = first.over("rep_id")
    since_seen = (middle - first).dt.total_days() / 30.4375
    guess = pl.when(first > start).then(since_seen).otherwise(RAMPED_TENURE)
    return pl.coalesce("tenure_months", from_hire, guess, 0.0).clip(0.0)


def _arrays(rows: pl.DataFrame) -> RepPanel:
    """Give reps, groups and months numbers; say how each rep came and went."""
    rep_ids = rows["rep_id"].unique().sort().to_list()
    pairs = rows.select("segment_id", "role").unique().sort("segment_id", "role")
    groups = [(str(s), str(r)) for s, r in pairs.iter_rows()]
    segments = sorted({segment for segment, _ in groups})
    group = rows.join(
        pairs.with_row_index("group"), on=["segment_id", "role"], how="left",
        maintain_order="left",
    )["group"].to_numpy()  # fmt: skip
    rep = rows["rep_id"].rank("dense").to_numpy().astype(np.intp) - 1
    number = month_number(rows["month_start"])
    months = np.arange(number.min(), number.max() + 1)
    tenure = rows["tenure_months"].to_numpy()
    # Months from the window's first middle to the rep's: a rep hired later has less.
    inside = tenure - (number - months[0]) < 0.5
    per_rep = np.ones(len(rep_ids), dtype=bool)
    np.logical_and.at(per_rep, rep, inside)
    last_end = rows["month_start"].dt.month_end().max()
    left = (
        rows.group_by("rep_id").agg(pl.col("left_on").max()).sort("rep_id")["left_on"]
    )
    return RepPanel(
        frame=rows,
        rep_ids=[str(name) for name in rep_ids],
        groups=groups,
        segments=segments,
        months=months.astype(np.intp),
        rep=rep,
        group=group.astype(np.intp),
        segment_of_group=np.array([segments.index(s) for s, _ in groups], np.intp),
        month=(number - months[0]).astype(np.intp),
        tenure=tenure.astype(np.float64),
        exposure=rows["active_share"].to_numpy().astype(np.float64),
        bookings=rows["bookings_cents"].to_numpy().astype(np.float64),
        is_leaver=(left <= last_end).fill_null(False).to_numpy(),
        is_hired_inside=per_rep,
    )
