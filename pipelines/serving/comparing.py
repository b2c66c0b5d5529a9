"""What a plan holds in sum, and what one version changes against another."""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from data_contracts.money import show

Rows = list[dict[str, Any]]
Content = Mapping[str, pl.DataFrame]

SUMMED: Final = {
    "target": ("company bookings target", "value_cents"),
    "capacity": ("what the heads can carry", "capacity_cents"),
    "hire": ("hires", ""),
    "assignment": ("accounts with an owner", "potential_cents"),
    "quota": ("quotas of all reps", "quota_cents"),
    "compensation": ("target pay", "target_pay_cents"),
}


def summary(content: Content) -> Rows:
    """Return one row per component: its lines, what its total means, the total.

    Returns
    -------
    list of dict
        ``component``, ``lines``, ``what``, ``total_cents`` (None for hires, whose
        ``what`` holds the count).
    """
    found: Rows = []
    for component, (what, column) in SUMMED.items():
        frame = content[component]
        total: int | None = None
        if component == "target":
            frame = frame.filter(
                (pl.col("node_level") == "company") & (pl.col("measure") == "bookings")
            )
        if column:
            total = int(frame[column].sum())
        else:
            what = f"{int(frame['hires_count'].sum())} hires"
        found.append(
            {
                "component": component,
                "lines": content[component].height,
                "what": what,
                "total_cents": total,
            }
        )
    return found


def moves(content: Content) -> Rows:
    """Return the accounts that change hands, dearest first.

    Returns
    -------
    list of dict
        Columns of the assignment component, one row per moved account.
    """
    frame = content["assignment"]
    return (
        frame.filter(pl.col("is_moved"))
        .sort("potential_cents", "account_id", descending=[True, False])
        .to_dicts()
    )


def differences(old: Content, new: Content) -> Rows:
    """Return what the new version says differently, in words and numbers.

    Returns
    -------
    list of dict
        ``component``, ``what`` (node, rep or account), ``old``, ``new`` (shown
        values or None), ``reason``; only what both versions speak of by month, and
        every book and hire that differs.
    """
    return [
        *_sums(old, new, "target", ["node_level", "node_id", "measure"], "value_cents"),
        *_hires(old, new),
        *_owners(old, new),
        *_sums(old, new, "quota", ["rep_id"], "quota_cents"),
    ]


def _sums(
    old: Content, new: Content, component: str, by: list[str], value: str
) -> Rows:
    """Compare sums over the months both versions plan."""
    months = set(old[component]["month_start"]) & set(new[component]["month_start"])
    shared = pl.col("month_start").is_in(sorted(months))
    sides = [
        side[component]
        .filter(shared)
        .group_by(by)
        .agg(pl.col(value).sum(), pl.col("reason").first())
        for side in (old, new)
    ]
    both = sides[0].join(sides[1], on=by, how="full", coalesce=True, suffix="_new")
    changed = both.filter(pl.col(value).ne_missing(pl.col(f"{value}_new"))).sort(by)
    return [
        {
            "component": component,
            "what": " ".join(str(row[name]) for name in by),
            "old": _money(row[value]),
            "new": _money(row[f"{value}_new"]),
            "reason": row["reason_new"],
        }
        for row in changed.iter_rows(named=True)
    ]


def _hires(old: Content, new: Content) -> Rows:
    by = ["segment_id", "role"]
    sides = [
        side["hire"].group_by(by).agg(pl.col("hires_count").sum())
        for side in (old, new)
    ]
    both = sides[0].join(sides[1], on=by, how="full", coalesce=True, suffix="_new")
    changed = both.fill_null(0).filter(
        pl.col("hires_count") != pl.col("hires_count_new")
    )
    return [
        {
            "component": "hire",
            "what": f"{row['segment_id']} {row['role']}",
            "old": str(row["hires_count"]),
            "new": str(row["hires_count_new"]),
            "reason": None,
        }
        for row in changed.sort(by).iter_rows(named=True)
    ]


def _owners(old: Content, new: Content) -> Rows:
    last = [
        side["assignment"].sort("valid_from").group_by("account_id").last()
        for side in (old, new)
    ]
    both = last[0].join(
        last[1], on="account_id", how="full", coalesce=True, suffix="_new"
    )
    changed = both.filter(pl.col("rep_id").ne_missing(pl.col("rep_id_new")))
    return [
        {
            "component": "assignment",
            "what": row["account_id"],
            "old": row["rep_id"],
            "new": row["rep_id_new"],
            "reason": row["reason_new"],
        }
        for row in changed.sort("account_id").iter_rows(named=True)
    ]


def _money(cents: int | None) -> str | None:
    return None if cents is None else show(cents)
