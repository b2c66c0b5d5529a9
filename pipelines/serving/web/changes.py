"""What a version changes, in numbers: disruption, books before and after, bridges."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.serving.comparing import SUMMED
from pipelines.serving.web.scope import Scope

Content = Mapping[str, pl.DataFrame]


def disruption(content: Content, scope: Scope) -> dict[str, Any]:
    """Return how much changes hands, of what the visitor sees.

    Returns
    -------
    dict
        ``accounts_count``, ``moved_count``, ``moved_share`` of accounts,
        ``moved_potential_cents``, ``potential_share``, ``reps_count`` touched.
    """
    lines = mine(content["assignment"], scope, "rep_id", "previous_rep_id")
    moved = lines.filter(pl.col("is_moved"))
    potential = int(lines["potential_cents"].sum())
    at_stake = int(moved["potential_cents"].sum())
    touched = set(moved["rep_id"]) | set(moved["previous_rep_id"].drop_nulls())
    return {
        "accounts_count": lines.height,
        "moved_count": moved.height,
        "moved_share": moved.height / lines.height if lines.height else 0.0,
        "moved_potential_cents": at_stake,
        "potential_share": at_stake / potential if potential else 0.0,
        "reps_count": len(touched),
    }


def balance(content: Content) -> pl.DataFrame:
    """Return each rep's book before and after, from one version's own lines.

    Returns
    -------
    DataFrame
        ``rep_id``, ``accounts_before_count``, ``accounts_after_count``,
        ``before_cents``, ``after_cents``, ``change_cents``; one row a rep who had or
        has accounts. Both sides sum to the same potential where every account had an
        owner.
    """
    lines = content["assignment"].select(
        pl.col("rep_id").alias("after"),
        pl.when("is_moved")
        .then(pl.col("previous_rep_id"))
        .otherwise(pl.col("rep_id"))
        .alias("before"),
        "potential_cents",
    )
    sides = [
        lines.filter(pl.col(side).is_not_null())
        .group_by(pl.col(side).alias("rep_id"))
        .agg(
            pl.len().cast(pl.Int64).alias(f"accounts_{side}_count"),
            pl.col("potential_cents").sum().alias(f"{side}_cents"),
        )
        for side in ("before", "after")
    ]
    both = sides[0].join(sides[1], on="rep_id", how="full", coalesce=True)
    return (
        both.fill_null(0)
        .with_columns(
            (pl.col("after_cents") - pl.col("before_cents")).alias("change_cents")
        )
        .sort("rep_id")
    )


def bridge(old: Content | None, new: Content, by: str) -> pl.DataFrame:
    """Return quotas before and after by a column, over the months both plan.

    Returns
    -------
    DataFrame
        `by`, ``before_cents``, ``after_cents``, ``change_cents``, ``reason``; sorted.
    """
    months = set(new["quota"]["month_start"])
    if old is not None:
        months &= set(old["quota"]["month_start"])
    sides = [
        (side if side is not None else {"quota": new["quota"].clear()})["quota"]
        .filter(pl.col("month_start").is_in(sorted(months)))
        .group_by(by)
        .agg(pl.col("quota_cents").sum().alias(name), pl.col("reason").first())
        for side, name in ((old, "before_cents"), (new, "after_cents"))
    ]
    both = sides[0].join(sides[1], on=by, how="full", coalesce=True, suffix="_new")
    return (
        both.with_columns(pl.col("before_cents", "after_cents").fill_null(0))
        .with_columns(
            (pl.col("after_cents") - pl.col("before_cents")).alias("change_cents"),
            pl.coalesce("reason_new", "reason").alias("reason"),
        )
        .drop("reason_new")
        .sort(by)
    )


def steps(kept: pl.DataFrame, version: int, parent: int | None) -> pl.DataFrame:
    """Return what each step adds to the quotas of a version and of the one before.

    Parameters
    ----------
    kept : frame of version, rep_id, month_start, step_order, step, cents
        Of both versions; one of them may have no rows.

    Returns
    -------
    DataFrame
        ``step``, ``before_cents``, ``after_cents``, ``change_cents`` over the months
        both plan, in the order of the steps; nothing where `version` has no rows.
    """
    new = kept.filter(pl.col("version") == version)
    old = kept.filter(pl.col("version") == (parent if parent is not None else -1))
    if new.is_empty():
        old = old.clear()
    elif not old.is_empty():
        new = new.join(old, on="month_start", how="semi")
        old = old.join(new, on="month_start", how="semi")
    sides = [
        side.group_by("step_order", "step").agg(pl.col("cents").sum().alias(name))
        for side, name in ((old, "before_cents"), (new, "after_cents"))
    ]
    both = sides[0].join(sides[1], on=["step_order", "step"], how="full", coalesce=True)
    return (
        both.fill_null(0)
        .with_columns(
            (pl.col("after_cents") - pl.col("before_cents")).alias("change_cents"),
            pl.col("step").str.replace_all("_", " "),
        )
        .sort("step_order")
        .drop("step_order")
    )


def mine(lines: pl.DataFrame, scope: Scope, *columns: str) -> pl.DataFrame:
    """Keep the lines in which somebody of the visitor's branch has a part."""
    if scope.reps is None:
        return lines
    reps = list(scope.reps)
    return lines.filter(
        pl.any_horizontal(pl.col(column).is_in(reps) for column in columns)
    )


def over_months_of(old: Content | None, new: Content) -> Content:
    """Return what is summed of a version, over the months that another plans."""
    if old is None:
        return {name: new[name].clear() for name in SUMMED}
    months = sorted(set(new["target"]["month_start"]))
    return {
        name: old[name].filter(pl.col("month_start").is_in(months))
        if "month_start" in old[name].columns
        else old[name]
        for name in SUMMED
    }
