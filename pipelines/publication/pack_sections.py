"""What a review looks at, asked of the serving copy and of the ledger."""

from datetime import date
from typing import Any, Final

import duckdb

from data_contracts.money import show
from data_contracts.plan import PlanState
from pipelines.ledger.queries import LedgerReader
from pipelines.publication.pack_blocks import Block, fan, waterfall

Rows = list[dict[str, Any]]

_MONTHS: Final = """
select
    month_start, plan_value, actual_value, is_partial,
    forecast_p10, forecast_p50, forecast_p90
from plan.fct_plan_vs_actual
where is_in_force and node_level = 'company' and measure = 'bookings'
order by month_start
"""
_SPAN: Final = """
select
    node_level, node_id,
    sum(plan_value) as plan_value, sum(actual_value) as actual_value
from plan.fct_plan_vs_actual
where
    is_in_force and measure = 'bookings' and not is_partial
    and node_level <> 'segment_product' and actual_value is not null
    and month_start between $begins and $ends
group by node_level, node_id
order by node_level <> 'company', node_level desc, node_id
"""
_CAUSES: Final = """
select cause, amount_cents, plan_cents, actual_cents, first_month_start
from drift.fct_drift_cause
where node_level = 'company'
order by abs(amount_cents) desc, cause
"""
_BREACHES: Final = """
select breach_key, state, cause, verdict, decision_why, asks_for
from drift.fct_drift_breach
where is_still_true
order by state <> 'open', asks_for = '', first_seen_on desc, breach_key
"""
_SIGNALS: Final = """
with newest as (
    select *
    from drift.fct_drift_measure
    where
        grain in ('night', $grain) and node_level in ('company', 'segment', 'region')
        and period_start <= $ends and z is not null
    qualify row_number() over (
        partition by measure, node_level, node_id order by period_start desc
    ) = 1
)
select
    measure, node_level, node_id, period_start, measured_value, usual_value, z,
    measure in (
        'bookings', 'pipeline_created', 'deal_size', 'ramp_first_quarter',
        'ramp_second_quarter', 'ramp_second_half', 'productivity_ramped'
    ) as is_money
from newest
order by abs(z) desc, measure, node_level, node_id
limit 12
"""
_HIRING: Final = """
with due as (
    select segment_id, role, sum(hires_count) as planned_count
    from plan.fct_plan_hire
    inner join plan.dim_plan_version using (plan_version)
    where is_in_force and month_start <= $ends
    group by segment_id, role
),
came as (
    select
        segment_id, role, sum(hires_count) as came_count,
        sum(leavers_count) as left_count, max_by(closing_heads, month_start) as heads
    from core.fct_headcount_month
    where month_start between $begins and $ends
    group by segment_id, role
),
open_seats as (
    select segment_id, role, count(*) as open_count,
        count(*) filter (where is_overdue) as overdue_count
    from core.fct_requisition
    where filled_on is null and status = 'open'
    group by segment_id, role
)
select
    segment_id, role, coalesce(planned_count, 0) as planned_count,
    coalesce(came_count, 0) as came_count, coalesce(left_count, 0) as left_count,
    coalesce(heads, 0) as heads, coalesce(open_count, 0) as open_count,
    coalesce(overdue_count, 0) as overdue_count
from came
full join due using (segment_id, role)
full join open_seats using (segment_id, role)
where planned_count > 0 or came_count > 0 or left_count > 0 or open_count > 0
order by segment_id, role
"""
_BALANCE: Final = """
with books as (
    select assignment.segment_id, rep_id, sum(potential_cents) as cents,
        count(*) as accounts
    from plan.fct_plan_assignment as assignment
    inner join plan.dim_plan_version using (plan_version)
    where is_in_force and valid_from <= assignment.as_of
        and coalesce(valid_to, date '9999-12-31') >= assignment.as_of
    group by assignment.segment_id, rep_id
)
select
    segment_id, count(*) as reps, cast(avg(cents) as bigint) as mean_cents,
    min(cents) as least_cents, max(cents) as most_cents,
    coalesce(stddev_pop(cents) / nullif(avg(cents), 0), 0) as spread_share
from books
group by segment_id
order by segment_id
"""
_DATA: Final = """
select
    contract, max(known_on) as newest, cast(sum(rows_loaded) as bigint) as loaded,
    cast(sum(rows_quarantined) as bigint) as quarantined,
    count(*) filter (where is_refused) as refused
from quality.fct_load
where known_on between $begins and $through
group by contract
order by quarantined desc, contract
"""
_WANTING: Final = """
select what_is_not_computed, contract from quality.rpt_input_coverage
where not is_supplied
order by capability
"""


def sections(
    copy: duckdb.DuckDBPyConnection,
    ledger: LedgerReader,
    *,
    begins: date,
    ends: date,
    grain: str,
    through: date,
    after_event: int,
) -> list[Block]:
    """Return the blocks of a review of the days from `begins` to `ends`.

    Parameters
    ----------
    copy : connection to the serving copy
    ledger : LedgerReader
    begins, ends : date
        The period reviewed, both included.
    grain : {"week", "month"}
        How often what stands out is looked at.
    through : date
        Night of the copy; files that came since are told too.
    after_event : int
        Newest ledger event that the review before showed.
    """
    span = {"begins": begins.replace(day=1), "ends": ends}
    return [
        _changed(ledger, after_event),
        _attainment(_ask(copy, _MONTHS), _ask(copy, _SPAN, span)),
        _causes(_ask(copy, _CAUSES)),
        _breaches(_ask(copy, _BREACHES)),
        _signals(_ask(copy, _SIGNALS, {"grain": grain, "ends": ends})),
        _waiting(ledger),
        _hiring(_ask(copy, _HIRING, span)),
        _balance(_ask(copy, _BALANCE)),
        _data(
            _ask(copy, _DATA, {"begins": begins, "through": through}),
            _ask(copy, _WANTING),
        ),
        _decisions(ledger, after_event),
    ]


def newest_event(ledger: LedgerReader) -> int:
    """Return the number of the ledger's newest event, 0 before the first."""
    return max((event.seq for event in ledger.events()), default=0)


def _changed(ledger: LedgerReader, after: int) -> Block:
    known = {each.version: each for each in ledger.versions()}
    new = [
        known[event.version]
        for event in ledger.events()
        if event.seq > after and event.to_state == PlanState.PUBLISHED
    ]
    words = "no version was published since the last review"
    if new:
        words = f"{len(new)} version(s) were published since the last review"
    rows = [
        (str(one.version), one.title, f"{one.effective_from}", one.why) for one in new
    ]
    return Block(
        "What changed", words, ("version", "title", "from", "why"), tuple(rows)
    )


def _attainment(months: Rows, nodes: Rows) -> Block:
    if not months:
        return Block("Attainment and forecast", "no plan is in force")
    made = [
        None if row["is_partial"] else row["actual_value"] for row in months
    ]  # a month under way is not yet a bar
    drawing = fan(
        [f"{row['month_start']:%b}" for row in months],
        [row["plan_value"] for row in months],
        made,
        [
            (row["forecast_p10"], row["forecast_p50"], row["forecast_p90"])
            if row["forecast_p50"] is not None and done is None
            else None
            for row, done in zip(months, made, strict=True)
        ],
    )
    rows = tuple(
        (
            row["node_level"],
            row["node_id"],
            _cents(row["plan_value"]),
            _cents(row["actual_value"]),
            _share(row["actual_value"], row["plan_value"]),
        )
        for row in nodes
    )
    words = "bookings against the plan in force in each month" + (
        "" if rows else "; no month of the period is complete yet"
    )
    heads = ("level", "node", "plan", "actual", "attained")
    return Block("Attainment and forecast", words, heads, rows, drawing)


def _causes(found: Rows) -> Block:
    if not found:
        return Block("Why", "no plan month is complete yet")
    plan, actual = found[0]["plan_cents"], found[0]["actual_cents"]
    off = actual - plan
    words = (
        f"the company is {show(off)} off {show(plan)} since "
        f"{found[0]['first_month_start']}; the parts sum to that"
    )
    rows = tuple((row["cause"], show(row["amount_cents"])) for row in found)
    steps = [(row["cause"], row["amount_cents"]) for row in found]
    return Block("Why", words, ("cause", "amount"), rows, waterfall(steps, plan))


def _breaches(found: Rows) -> Block:
    asking = sum(bool(row["asks_for"]) for row in found)
    words = (
        f"{asking} departures from plan stand; {len(found) - asking} leading measures "
        "left their usual and are watched"
        if found
        else "nothing stands out"
    )
    rows = tuple(
        (
            row["breach_key"],
            row["state"],
            row["cause"],
            row["decision_why"]
            or ("not decided on yet" if row["asks_for"] else "watched: asks nothing"),
        )
        for row in found
    )
    return Block("What drifted", words, ("breach", "state", "cause", "sum"), rows)


def _signals(found: Rows) -> Block:
    def told(row: dict[str, Any], column: str) -> str:
        value = row[column]
        return show(round(value)) if row["is_money"] else f"{value:.3g}"

    rows = tuple(
        (
            row["measure"],
            f"{row['node_level']} {row['node_id']}",
            f"{row['period_start']}",
            told(row, "measured_value"),
            told(row, "usual_value"),
            f"{row['z']:+.1f}",
        )
        for row in found
    )
    words = (
        "the measures farthest from their usual, in standard deviations; season is not "
        "allowed for here, and what alarms stands under what drifted"
    )
    heads = ("measure", "node", "period", "value", "usual", "z")
    return Block("Signals", words if rows else "too little history", heads, rows)


def _waiting(ledger: LedgerReader) -> Block:
    waits = [
        each
        for each in ledger.versions()
        if each.state in (PlanState.PROPOSED, PlanState.APPROVED)
    ]
    words = f"{len(waits)} wait for somebody" if waits else "nothing waits"
    rows = tuple((str(v.version), str(v.state), v.title, v.why) for v in waits)
    return Block("Proposals waiting", words, ("version", "state", "title", "why"), rows)


def _hiring(found: Rows) -> Block:
    heads = (
        "segment", "role", "planned so far", "came", "left", "heads",
        "open seats", "overdue",
    )  # fmt: skip
    rows = tuple(tuple(str(value) for value in row.values()) for row in found)
    words = "starters and leavers of the period" if rows else "nobody came or left"
    return Block("Hiring", words, heads, rows)


def _balance(found: Rows) -> Block:
    rows = tuple(
        (
            row["segment_id"],
            str(row["reps"]),
            show(row["mean_cents"]),
            show(row["least_cents"]),
            show(row["most_cents"]),
            f"{row['spread_share']:.0%}",
        )
        for row in found
    )
    words = "potential of the books in force, and how far it spreads around the mean"
    heads = ("segment", "reps", "mean", "least", "most", "spread")
    return Block("Territory balance", words if rows else "no book", heads, rows)


def _data(loads: Rows, wanting: Rows) -> Block:
    missing = "; ".join(
        f"{row['what_is_not_computed']} (no {row['contract']})" for row in wanting
    )
    words = f"not computed for want of input: {missing}" if missing else "nothing lacks"
    if not loads:
        words = f"no file came in the period; {words}"
    rows = tuple(tuple(str(value) for value in row.values()) for row in loads)
    heads = ("contract", "newest file", "rows loaded", "quarantined", "files refused")
    return Block("Data health", words, heads, rows)


def _decisions(ledger: LedgerReader, after: int) -> Block:
    rows = tuple(
        (
            f"{event.happened_at:%Y-%m-%d}",
            str(event.version),
            str(event.to_state),
            event.actor,
            event.note or "",
        )
        for event in ledger.events()
        if event.seq > after
    )
    words = "" if rows else "nobody decided anything"
    heads = ("on", "version", "became", "by", "note")
    return Block("Decisions since the last review", words, heads, rows)


def _ask(
    copy: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any] | None = None
) -> Rows:
    found = copy.execute(query, values) if values else copy.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _cents(value: float | None) -> str:
    return "" if value is None else show(round(value))


def _share(part: float | None, whole: float | None) -> str:
    return f"{part / whole:.0%}" if part is not None and whole else ""
