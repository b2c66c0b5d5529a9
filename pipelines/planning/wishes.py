"""What people fixed by hand for the next plan, resolved into accounts and months."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from data_contracts.calendar import month_start
from data_contracts.money import split
from pipelines.ledger.overrides import Ask, Override

Lines = Callable[[int, str], pl.DataFrame]
Team = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wishes:
    """Overrides that hold for a plan, resolved against the plans they speak of."""

    overrides: tuple[Override, ...] = ()
    owner: dict[str, tuple[str, Override]] = field(default_factory=dict)
    kept_cents: dict[int, int] = field(default_factory=dict)  # by override
    quota_cents: dict[str, dict[date, int]] = field(default_factory=dict)
    quota_of: dict[str, Override] = field(default_factory=dict)
    hires: dict[Team, dict[date, tuple[int, Override]]] = field(default_factory=dict)


def wishes_of(overrides: Iterable[Override], lines: Lines) -> Wishes:
    """Resolve overrides: a locked book into its accounts, a quota into months.

    Parameters
    ----------
    overrides : iterable of Override
        Those that hold for the plan.
    lines : callable
        Gives the lines of a version and component, ``ledger.lines``.

    Returns
    -------
    Wishes
        A quota follows the months of the version it was said about. What is asked of
        an account by itself counts more than a lock on its book.
    """
    asked = tuple(sorted(overrides, key=lambda one: (one.ask, one.key)))
    wishes = Wishes(overrides=asked)
    for one in sorted(asked, key=lambda each: each.ask is not Ask.LOCKED_BOOK):
        if one.ask is Ask.LOCKED_BOOK:
            book = lines(one.version, "assignment").filter(pl.col("rep_id") == one.key)
            for account in book["account_id"].unique().sort():
                wishes.owner[account] = (one.key, one)
        elif one.ask is Ask.ACCOUNT_OWNER:
            wishes.owner[one.key] = (one.value, one)
            told = lines(one.version, "assignment").filter(
                pl.col("account_id") == one.key, pl.col("previous_rep_id") == one.value
            )
            kept = told.filter(pl.col("is_moved"))["keep_cost_cents"].fill_null(0)
            wishes.kept_cents[one.number] = int(kept.sum())
        elif one.ask is Ask.QUOTA:
            quota = lines(one.version, "quota").filter(pl.col("rep_id") == one.key)
            months, weights = quota["month_start"].to_list(), quota["quota_cents"]
            parts = split(int(one.value), weights.to_list()) if months else []
            wishes.quota_cents[one.key] = dict(zip(months, parts, strict=True))
            wishes.quota_of[one.key] = one
        else:
            segment, role, month = one.key.rsplit("/", 2)
            starts = month_start(date.fromisoformat(f"{month}-01"))
            of_team = wishes.hires.setdefault((segment, role), {})
            of_team[starts] = (int(one.value), one)
    return wishes
