"""Who was promised what on which day: published versions laid end to end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import polars as pl

from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion, governing


@dataclass(frozen=True, slots=True)
class Reign:
    """Days on which one version governs, both included."""

    version: int
    first_day: date
    last_day: date


def reigns(versions: Iterable[PlanVersion]) -> list[Reign]:
    """Return which version governs when, by day; days without a plan are left out.

    Parameters
    ----------
    versions : iterable of PlanVersion
        In any order and state; only those ever published count.

    Returns
    -------
    list of Reign
        They never overlap and rise by day.

    Notes
    -----
    What governs can only change on a version's first day or the day after its
    last, so the rule of `governing` is asked on those days alone.
    """
    published = [each for each in versions if each.was_published]
    starts = {each.effective_from for each in published}
    ends = {each.effective_to + timedelta(days=1) for each in published}
    changes = sorted(starts | ends)
    found: list[Reign] = []
    for day, following in pairwise(changes):
        plan = governing(published, day)
        if plan is None:
            continue
        last = following - timedelta(days=1)
        if found and found[-1].version == plan.version:
            found[-1] = Reign(plan.version, found[-1].first_day, last)
        else:
            found.append(Reign(plan.version, day, last))
    return found


def assignments_in_force(ledger: LedgerReader) -> pl.DataFrame:
    """Return who owns each account from when to when, over all published plans.

    Returns
    -------
    pl.DataFrame
        Columns ``account_id, rep_id, valid_from, valid_to, version``: one row per
        account and spell within one version's reign, both days included, sorted.
        On any day a plan governs, each account of that plan is in exactly one row.
    """
    book = ledger.book()
    frames = [
        book.lines["assignment"]
        .filter(pl.col("version") == reign.version)
        .select(
            "account_id",
            "rep_id",
            pl.max_horizontal("valid_from", pl.lit(reign.first_day)),
            pl.min_horizontal("valid_to", pl.lit(reign.last_day)).alias("valid_to"),
            "version",
        )
        .filter(pl.col("valid_from") <= pl.col("valid_to"))
        for reign in reigns(book.plans)
    ]
    empty = pl.DataFrame(
        schema={
            "account_id": pl.String(),
            "rep_id": pl.String(),
            "valid_from": pl.Date(),
            "valid_to": pl.Date(),
            "version": pl.Int32(),
        }
    )
    return pl.concat([empty, *frames]).sort("account_id", "valid_from")
