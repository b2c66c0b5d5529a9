"""Quotas that people fixed, and who takes the difference over."""

import polars as pl

from data_contracts.money import show, split
from pipelines.planning.wishes import Wishes


def fixed_quotas(
    quotas: pl.DataFrame, wishes: Wishes
) -> tuple[pl.DataFrame, list[str]]:
    """Set fixed quotas; the other reps of the segment take the difference over.

    Returns
    -------
    tuple of quota lines and list of str
        In every segment and month with another rep whose quota can give way, the sum
        is what it was.
    """
    if not wishes.quota_cents:
        return quotas, []
    notes: list[str] = []
    by_month = quotas.group_by("segment_id", "month_start", maintain_order=True)
    fixed = pl.concat(
        [quotas.clear(), *(_fixed_month(rows, wishes) for _, rows in by_month)]
    ).sort("rep_id", "month_start")
    here = set(quotas["rep_id"])
    for rep, one in wishes.quota_of.items():
        if rep not in here:
            notes.append(f"override {one.number} not kept: {rep} has no quota")
            continue
        mine = pl.col("rep_id") == rep
        now = int(fixed.filter(mine)["quota_cents"].sum())
        was = int(quotas.filter(mine)["quota_cents"].sum())
        notes.append(
            f"override {one.number} (quota {rep} = {show(now)}) kept, "
            f"{show(abs(now - was))} {'more' if now > was else 'less'} than computed"
        )
    change = int(fixed["quota_cents"].sum()) - int(quotas["quota_cents"].sum())
    if change:
        notes.append(f"fixed quotas change the sum of all quotas by {show(change)}")
    return fixed, notes


def _fixed_month(rows: pl.DataFrame, wishes: Wishes) -> pl.DataFrame:
    month = rows["month_start"][0]
    wanted = {
        rep: wishes.quota_cents[rep][month]
        for rep in rows["rep_id"]
        if month in wishes.quota_cents.get(rep, {})
    }
    if not wanted:
        return rows
    was = dict(rows.select("rep_id", "quota_cents").iter_rows())
    others = [rep for rep in was if rep not in wanted]
    left = sum(was[rep] for rep in others)
    difference = sum(wanted.values()) - sum(was[rep] for rep in wanted)
    new = dict(wanted)
    if left:  # else nobody can give way, and the sum changes
        parts = split(max(left - difference, 0), [was[rep] for rep in others])
        new |= dict(zip(others, parts, strict=True))
    asked = {
        rep: f"fixed by {wishes.quota_of[rep].author}: {wishes.quota_of[rep].reason}"
        for rep in wanted
    }
    shifted = f"{', '.join(sorted(wanted))} fixed by hand"
    reasons = [
        asked.get(rep)
        or (f"{reason}; {shifted}" if new.get(rep, was[rep]) != was[rep] else reason)
        for rep, reason in rows.select("rep_id", "reason").iter_rows()
    ]
    cents = [new.get(rep, was[rep]) for rep in rows["rep_id"]]
    return rows.with_columns(
        pl.Series("quota_cents", cents, dtype=pl.Int64),
        pl.Series("reason", reasons, dtype=pl.String),
    )
