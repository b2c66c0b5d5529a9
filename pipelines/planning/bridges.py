"""Why a quota is what it is: from an even share to the last cent, step by step.

The steps are worked out again from what the version was computed from; each is the
difference between two quotas, so together they are the quota.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.errors import LedgerError
from data_contracts.planning import Quotas
from pipelines.planning.computing import PlanInputs
from pipelines.planning.cycle import Content
from pipelines.planning.people import planned_reps
from pipelines.planning.quotas import plan_quotas
from pipelines.planning.relief import (
    QuotaFacts,
    book_cents,
    carried_target,
    quota_facts,
    workable,
)
from pipelines.planning.replan import cells_of

STEPS = (
    "even_share",
    "potential",
    "seasonality",
    "ramp_relief",
    "vacancy_relief",
    "cushion",
    "change_limit",
    "rounding",
    "carried_over",
    "by_hand",
)
"""Steps in order: an even share of the segment's target; what the rep's book adds;
the year's shape; what a ramping or absent rep is spared; what is left to planned hires;
quotas above target; what the quota before holds; whole units; what a re-plan carried
over or handed over instead; and what people fixed."""

SPLIT = STEPS.index("cushion") + 1  # steps that follow from the rules alone
LIMIT, ROUNDING = STEPS.index("change_limit"), STEPS.index("rounding")
CARRIED, BY_HAND = STEPS.index("carried_over"), STEPS.index("by_hand")

BRIDGES_SCHEMA = {
    "rep_id": pl.String,
    "month_start": pl.Date,
    "step": pl.String,
    "cents": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class _Segment:
    """One segment's reps and months, as the quotas were split over them."""

    rep_ids: list[str]
    target: NDArray[np.float64]  # (n_months,) cents
    carried: NDArray[np.float64]  # (n_months,) cents of it that today's reps carry
    ramp: NDArray[np.float64]  # (n_reps, n_months) share of a full month's work
    book: NDArray[np.float64]  # (n_reps,) weight of the book in cents
    weight: float  # of potential against capacity
    raised: float  # one and the cushion


def quota_bridge(inputs: PlanInputs, content: Content, rep_id: str) -> pl.DataFrame:
    """Return the steps of one rep's quota, by month.

    Parameters
    ----------
    inputs : PlanInputs
        What the version was computed from.
    content : component name to lines
        The version.
    rep_id : str

    Returns
    -------
    frame of month_start, step, cents
        In every month the steps of `STEPS` sum to the quota, to the cent.

    Raises
    ------
    LedgerError
        If the version gives the rep no quota.
    """
    if content["quota"].filter(pl.col("rep_id") == rep_id).is_empty():
        raise LedgerError(
            f"this plan gives rep {rep_id!r} no quota",
            fix="see who has one: aop plan show VERSION --lines quota",
        )
    return quota_bridges(inputs, content, only=rep_id).drop("rep_id")


def quota_bridges(
    inputs: PlanInputs, content: Content, *, only: str | None = None
) -> pl.DataFrame:
    """Return the steps of every rep's quota, by month.

    Parameters
    ----------
    inputs : PlanInputs
        What the version was computed from.
    content : component name to lines
        The version.
    only : str, optional
        The one rep to tell of; everybody where absent.

    Returns
    -------
    frame of rep_id, month_start, step, cents
        In order of rep, month and `STEPS`; in every month they sum to the rep's
        quota, to the cent.

    Notes
    -----
    With target T, season s (mean 1 over n months), ramp r, book b, weight w of
    potential and R reps: an even share is T/(R n); potential moves it to
    T/n (w b/Σb + (1-w)/R); seasonality multiplies by s; ramp puts
    T (w b c/Σbc + (1-w) c/Σc) r s/c in its place, with c the rep's sum of r s; what
    planned hires carry leaves the target, and its season with it; the cushion
    multiplies by what is assigned above target. The split is made again without the
    limit on change: the difference is the limit's, what is left is rounding.
    """
    lines = content["quota"].sort("rep_id", "month_start")
    if only is not None:
        lines = lines.filter(pl.col("rep_id") == only)
    rules = inputs.facts.policy.quotas
    computed = _computed(inputs, content, rules)
    free = computed
    if rules.max_change_share is not None:
        without = rules.model_copy(update={"max_change_share": None})
        free = _computed(inputs, content, without)
    levels = _levels_of(inputs, content, lines["rep_id"].unique().to_list())
    place = {month: i for i, month in enumerate(inputs.plan.month_starts)}
    steps = np.zeros((lines.height, len(STEPS)), dtype=np.int64)
    by_hand = lines["reason"].str.contains("fixed by").fill_null(value=False)
    for row, (rep, month) in enumerate(lines.select("rep_id", "month_start").rows()):
        split, at = computed.get((rep, month)), place.get(month)
        if split is not None and at is not None and rep in levels:
            steps[row, :SPLIT] = np.diff(levels[rep][:, at], prepend=0)
            steps[row, LIMIT] = split - free[rep, month]
            steps[row, ROUNDING] = free[rep, month] - levels[rep][-1, at]
    rest = lines["quota_cents"].to_numpy() - steps.sum(axis=1)
    last = np.where(by_hand.to_numpy(), BY_HAND, CARRIED)
    steps[np.arange(lines.height), last] = rest
    names = ("rep_id", "month_start")
    return pl.DataFrame(
        {
            **{
                name: lines[name].gather(np.repeat(range(lines.height), len(STEPS)))
                for name in names
            },
            "step": list(STEPS) * lines.height,
            "cents": steps.ravel(),
        },
        schema=BRIDGES_SCHEMA,
    )


def _computed(
    inputs: PlanInputs, content: Content, rules: Quotas
) -> dict[tuple[str, date], int]:
    """Return quotas before anybody's hand; none where they were not split anew."""
    breach, facts = inputs.breach, inputs.facts
    is_split_anew = breach is None or (
        "quotas" in breach.asks_for and not breach.scope.startswith("rep:")
    )
    if not is_split_anew or "quotas" in inputs.kept:
        return {}
    quotas = plan_quotas(
        facts.policy.model_copy(update={"quotas": rules}),
        inputs.forecasts,
        cells_of(content["target"], inputs.plan),
        planned_reps(facts, starts_on=inputs.plan.effective_from),
        content["assignment"],
        inputs.plan,
        known=_known(inputs, content),
    )
    return {
        (rep, month): cents
        for rep, month, cents in quotas.select(
            "rep_id", "month_start", "quota_cents"
        ).iter_rows()
    }


def _known(inputs: PlanInputs, content: Content) -> QuotaFacts:
    """Gather what the split read beside targets and books."""
    cells = cells_of(content["target"], inputs.plan)
    return quota_facts(
        inputs.facts, inputs.forecasts, cells, content["capacity"], inputs.plan
    )


def _levels_of(
    inputs: PlanInputs, content: Content, rep_ids: list[str]
) -> dict[str, NDArray[np.int64]]:
    """Return, by rep, the quota after each of the steps to the cushion, (6, n_months).

    Rounded as running totals, so that a year's step is exact too.
    """
    reps = planned_reps(inputs.facts, starts_on=inputs.plan.effective_from)
    asked = reps.filter(pl.col("rep_id").is_in(rep_ids))
    known = _known(inputs, content)
    books = book_cents(inputs.facts.policy, content["assignment"], known)
    found = {}
    for name in sorted(asked["segment_id"].unique()):
        segment = _segment(inputs, content, reps, name, known, books)
        if segment is None:
            continue
        for rep in asked.filter(pl.col("segment_id") == name)["rep_id"]:
            levels = _levels(segment, segment.rep_ids.index(rep))
            totals = np.rint(np.cumsum(levels, axis=1)).astype(np.int64)
            found[rep] = np.diff(totals, axis=1, prepend=0)
    return found


def _segment(
    inputs: PlanInputs,
    content: Content,
    reps: pl.DataFrame,
    segment: str,
    known: QuotaFacts,
    books: Mapping[str, int],
) -> _Segment | None:
    plan, policy = inputs.plan, inputs.facts.policy
    mine = reps.filter(pl.col("segment_id") == segment).sort("rep_id")
    cells = cells_of(content["target"], plan).filter(pl.col("segment_id") == segment)
    by_month = dict(
        cells.group_by("month_start").agg(pl.col("value_cents").sum()).iter_rows()
    )
    target = np.array([by_month.get(month, 0) for month in plan.month_starts], float)
    if target.sum() <= 0:
        return None
    whole = np.rint(target).astype(np.int64)
    carried = carried_target(policy, whole, segment, plan, known).astype(float)
    if carried.sum() <= 0:
        return None
    book = np.array([books.get(rep, 0) for rep in mine["rep_id"]], float)
    return _Segment(
        rep_ids=mine["rep_id"].to_list(),
        target=target,
        carried=carried,
        ramp=workable(policy, inputs.forecasts, mine, plan, known),
        book=book,
        weight=policy.quotas.book_weight_share if book.sum() > 0 else 0.0,
        raised=policy.quotas.raised_multiple,
    )


def _levels(segment: _Segment, row: int) -> NDArray[np.float64]:
    """Return the quota after each of the steps to the cushion, (6, n_months), cents."""
    total, n_months = segment.target.sum(), segment.target.size
    n_reps = len(segment.rep_ids)
    weight = segment.weight
    has = segment.book[row] / segment.book.sum() if weight else 0.0
    share = weight * has + (1 - weight) / n_reps
    season = segment.target / segment.target.mean()
    even = np.full(n_months, total / n_reps / n_months)
    fair = np.full(n_months, total * share / n_months)
    relieved = _worked(segment, segment.target, row)
    kept = _worked(segment, segment.carried, row)
    return np.vstack([even, fair, fair * season, relieved, kept, kept * segment.raised])


def _worked(
    segment: _Segment, target: NDArray[np.float64], row: int
) -> NDArray[np.float64]:
    """Return a rep's part of a target as ramp, leave and season leave it, cents."""
    weight = segment.weight
    carries = segment.ramp * (target / target.mean())
    can = carries.sum(axis=1)
    part = (1 - weight) * can[row] / can.sum()
    if weight:
        worked = segment.book * can
        part += weight * worked[row] / worked.sum()
    made: NDArray[np.float64] = target.sum() * part * carries[row] / can[row]
    return made
