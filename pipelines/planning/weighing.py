"""What one answer to a breach is worth, and what it takes of the quarter's budget."""

from collections import Counter

import polars as pl

from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.planning import deciding
from pipelines.planning.computing import PlanInputs
from pipelines.planning.cycle import Content
from pipelines.planning.people import planned_reps
from pipelines.planning.worth import Worth, changed_quotas, worth_of


def weighed(inputs: PlanInputs, draft: Content) -> Worth:
    """Return gain and cost of a re-plan over its parent."""
    facts, plan = inputs.facts, inputs.plan
    return worth_of(
        facts.policy,
        inputs.parent or {},
        draft,
        plan,
        asks_for=inputs.breach.asks_for if inputs.breach else (),
        serving=_serving(inputs),
        expected=inputs.forecasts.bookings,
    )


def quarters_budget(
    ledger: LedgerReader, inputs: PlanInputs, draft: Content
) -> deciding.Hold | None:
    """Return the rep whose change budget of the fiscal quarter the draft exceeds."""
    facts, plan, parent = inputs.facts, inputs.plan, inputs.parent
    if inputs.breach is None or parent is None:
        return None
    start = facts.policy.fiscal.day(facts.as_of).quarter_start
    earlier = [
        one
        for one in ledger.versions()
        if one.breach_key and one.was_published and start <= one.as_of <= facts.as_of
    ]
    now = changed_quotas(parent["quota"], draft["quota"], plan) & _serving(inputs)
    return deciding.spent(
        inputs.breach,
        facts.policy,
        facts.as_of,
        changes=Counter(
            rep for one in earlier for rep in _quotas_of(ledger, one, inputs)
        ),
        now=now,
        moved=_taken(
            [draft["assignment"]]
            + [ledger.lines(one.version, "assignment") for one in earlier],
            parent["assignment"],
            _serving(inputs),
        ),
    )


def _serving(inputs: PlanInputs) -> set[str]:
    reps = planned_reps(inputs.facts, starts_on=inputs.plan.effective_from)
    return set(reps["rep_id"])


def _quotas_of(ledger: LedgerReader, plan: PlanVersion, inputs: PlanInputs) -> set[str]:
    """Return the reps whose quota an earlier re-plan changed."""
    if plan.parent_version is None:
        return set()
    sides = [
        ledger.lines(number, "quota").filter(
            pl.col("month_start") >= plan.effective_from
        )
        for number in (plan.parent_version, plan.version)
    ]
    return changed_quotas(sides[0], sides[1], inputs.plan)


def _taken(
    answers: list[pl.DataFrame], books: pl.DataFrame, serving: set[str]
) -> pl.DataFrame:
    """Return potential taken from each rep who is there, beside that of the book."""
    here = pl.col("previous_rep_id").is_in(sorted(serving))
    taken = pl.concat(
        [
            lines.filter(pl.col("is_moved"), here).select(
                rep_id="previous_rep_id", moved_cents="potential_cents"
            )
            for lines in answers
        ]
    )
    book = books.group_by("rep_id").agg(pl.col("potential_cents").sum())
    return (
        taken.group_by("rep_id")
        .agg(pl.col("moved_cents").sum())
        .join(book, on="rep_id", how="inner")
        .rename({"potential_cents": "book_cents"})
        .sort("rep_id")
    )
