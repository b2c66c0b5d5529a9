"""Home: where we stand, what drifted, what waits for me."""

from datetime import UTC, datetime
from math import erf, sqrt
from typing import Any, Final

from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.ledger.records import PlanVersion
from pipelines.serving.cli.output import text
from pipelines.serving.reading import Rows
from pipelines.serving.web.desk import Desk
from pipelines.serving.web.roles import Deed, Visitor
from pipelines.serving.web.sections import Fact, Page, drawn, rows_of

_TO_SD = 2 * 1.2815515655446004  # 10th to 90th percentile of a normal, in deviations


def home(desk: Desk, page: Page) -> None:
    """Fill the page."""
    page.title = "Where we stand"
    page.extra["template"] = "home.html"
    page.extra["waiting"] = (
        waiting(desk, page.scope.visitor) if page.scope.visitor.sees_proposals else []
    )
    if page.scope.is_whole:
        _company(page)
    else:
        _branch(page)


def waiting(desk: Desk, visitor: Visitor) -> list[dict[str, Any]]:
    """Return the versions that wait for somebody; `is_mine` for the visitor."""
    found = []
    for plan in desk.ledger.versions():
        if plan.state not in _WAITS:
            continue
        found.append(
            {
                "plan": plan,
                "waits_for": _whom(desk, plan),
                "is_mine": _waits_for(desk, plan, visitor),
            }
        )
    return sorted(found, key=lambda one: (not one["is_mine"], -one["plan"].version))


def _whom(desk: Desk, plan: PlanVersion) -> str:
    """Return whose word a version waits for: its open level, where it has levels."""
    if plan.state is PlanState.PROPOSED:
        level = desk.ledger.standing(plan.version).open_level
        if level is not None:
            return f"level {level.name!r}: {', '.join(level.approvers)}"
    return _WAITS[plan.state]


_WAITS = {
    PlanState.DRAFT: "whoever drafted it, to propose it",
    PlanState.PROPOSED: "an approver who did not propose it",
    PlanState.APPROVED: "somebody to publish it",
}


def _waits_for(desk: Desk, plan: PlanVersion, visitor: Visitor) -> bool:
    if plan.state is PlanState.APPROVED:
        return visitor.may(Deed.PUBLISH)
    if plan.state is PlanState.PROPOSED and visitor.may(Deed.APPROVE):
        try:
            desk.ledger.standing(plan.version).signing(
                visitor.name, note="", at=datetime.now(UTC)
            )
        except LedgerError:
            return False
        return True
    return False


def chances(
    plan_cents: float, booked_cents: float, months: list[tuple[float, float, float]]
) -> tuple[float, float]:
    """Return the chance that a year meets its plan, least and most.

    Parameters
    ----------
    plan_cents : float
        Plan of the year.
    booked_cents : float
        Booked so far.
    months : list of (P10, P50, P90), cents
        Forecast of each month still to come.

    Returns
    -------
    tuple of float in [0, 1]
        With months that err independently, and with months that all err together,
        in rising order. The forecast tells each month's spread, not how they hang
        together, so the chance lies between the two.

    Notes
    -----
    Each month is taken as normal around its median with the spread of its interval.

    Examples
    --------
    >>> chances(100.0, 100.0, [])
    (1.0, 1.0)
    >>> low, high = chances(110.0, 90.0, [(8.0, 10.0, 12.0)] * 1)
    >>> low == high < 0.01
    True
    """
    ahead = booked_cents + sum(middle for _, middle, _ in months) - plan_cents
    spreads = [(high - low) / _TO_SD for low, _, high in months]
    found = []
    for spread in (sqrt(sum(each**2 for each in spreads)), sum(spreads)):
        if spread <= 0:
            found.append(float(ahead >= 0))
        else:
            found.append((1 + erf(ahead / spread / sqrt(2))) / 2)
    return min(found), max(found)


def _company(page: Page) -> None:
    months = page.snapshot.ask(
        f"{_MONTHS} where node_level = 'company' and measure = 'bookings' "
        "and is_in_force order by month_start"
    )
    if page.wants(""):
        page.facts += _facts(page, months)
    page.show(
        "months",
        "Bookings by month: plan, actual, forecast",
        lambda: months,
        columns=[
            "month_start",
            "plan_version",
            "plan_cents",
            "actual_cents",
            "is_partial",
            "forecast_p10_cents",
            "forecast_p50_cents",
            "forecast_p90_cents",
        ],
        caption="Company bookings; the forecast's 10th, 50th and 90th percentile",
        empty="No plan was published yet: nothing to hold bookings against.",
        source=_BEHIND,
        drawing=drawn(
            "fan",
            "Company bookings by month: plan as steps, actual as a line with points, "
            "forecast as a dashed line in its band from 10th to 90th percentile",
            plan="plan",
            actual="actual",
            low="forecast_p10",
            middle="forecast_p50",
            high="forecast_p90",
        ),
        lasts="night",
    )
    page.ask(
        "nodes",
        "By node, full months to date",
        """
        select
            node_level, node_id, max(plan_version) as plan_version,
            cast(round(sum(plan_value)) as bigint) as plan_cents,
            cast(round(sum(actual_value)) as bigint) as actual_cents,
            sum(actual_value) / nullif(sum(plan_value), 0) as attainment_share,
            count(*) as months_count
        from plan.fct_plan_vs_actual
        where
            measure = 'bookings' and is_in_force
            and node_level not in ('cell', 'segment_product')
            and actual_value is not null and not is_partial
        group by node_level, node_id
        order by node_level, node_id
        """,
        columns=[
            "node_level",
            "node_id",
            "months_count",
            "plan_cents",
            "actual_cents",
            "attainment_share",
            "plan_version",
        ],
        caption="Bookings against plan",
        empty="No full month of a published plan has passed yet.",
        source=rows_of("plan.fct_plan_vs_actual", measure="bookings"),
    )
    page.ask(
        "open_breaches",
        "What drifted",
        """
        select
            breach_key, cause, nullif(asks_for, '') as asks_for, state, first_seen_on,
            answered_by_version, plan_version
        from drift.fct_drift_breach
        where state in ('open', 'proposed')
        order by first_seen_on desc, breach_key
        """,
        columns=[
            "breach_key",
            "cause",
            "asks_for",
            "state",
            "first_seen_on",
            "answered_by_version",
        ],
        caption="Breaches that are open or have a proposal",
        empty="No breach is open.",
        source="/drift",
    )
    page.ask(
        "not_computed",
        "Not computed for want of input",
        """
        select what_is_not_computed, why, contract
        from quality.rpt_input_coverage where not is_supplied order by capability
        """,
        columns=["what_is_not_computed", "why", "contract"],
        caption="What is left out, why, and the extract that would bring it",
        empty="Every input is there.",
        source=rows_of("quality.rpt_input_coverage", is_supplied="false"),
    )


_MONTHS = """
select
    month_start, plan_version, is_partial, as_of,
    cast(round(plan_value) as bigint) as plan_cents,
    cast(round(actual_value) as bigint) as actual_cents,
    cast(round(forecast_p10) as bigint) as forecast_p10_cents,
    cast(round(forecast_p50) as bigint) as forecast_p50_cents,
    cast(round(forecast_p90) as bigint) as forecast_p90_cents
from plan.fct_plan_vs_actual
"""


def _facts(page: Page, months: Rows) -> list[Fact]:
    year = page.snapshot.ask(
        "select fiscal_year, year_start, year_end from core.dim_fiscal_period "
        "where (select max(as_of) from meta.publication) "
        "between month_start and month_end limit 1"
    )
    if not year or not months:
        return []
    starts, ends = year[0]["year_start"], year[0]["year_end"]
    mine = [row for row in months if starts <= row["month_start"] <= ends]
    plan = sum(row["plan_cents"] or 0 for row in mine)
    full = [r for r in mine if r["actual_cents"] is not None and not r["is_partial"]]
    asked = sum(row["plan_cents"] or 0 for row in full)
    booked = sum(row["actual_cents"] for row in full)
    ahead = [
        (
            float(row["forecast_p10_cents"]),
            float(row["forecast_p50_cents"]),
            float(row["forecast_p90_cents"]),
        )
        for row in mine
        if row not in full and row["forecast_p50_cents"] is not None
    ]
    label = f"fiscal year {year[0]['fiscal_year']}"
    found = [
        Fact("Plan", text(plan, "plan_cents"), label, _BEHIND),
        Fact(
            "Booked, full months",
            text(booked, "booked_cents"),
            f"{text(booked / asked, 'at_share')} of the plan to date"
            if asked
            else "no full month of the plan has passed",
            _BEHIND,
        ),
    ]
    if len(full) + len(ahead) == len(mine):
        low, high = chances(plan, booked, ahead)
        shown = " to ".join(
            dict.fromkeys((text(low, "p_share"), text(high, "p_share")))
        )
        outlook = booked + sum(middle for _, middle, _ in ahead)
        found += [
            Fact(
                "Outlook",
                text(int(outlook), "outlook_cents"),
                "booked and median",
                _BEHIND,
            ),
            _odds(page)
            or Fact(
                "P(plan met)",
                shown,
                "months erring independently, or all together",
                _BEHIND,
            ),
        ]
    return found


_BEHIND: Final = rows_of(
    "plan.fct_plan_vs_actual", node_level="company", measure="bookings"
)


def _odds(page: Page) -> Fact | None:
    """Return the simulated chance of the plan in force, None where there is none."""
    if not page.snapshot.has("forecast.fct_plan_odds"):
        return None
    found = page.snapshot.ask(
        """
        select met_share, months_count from forecast.fct_plan_odds
        where
            node_level = 'company'
            and plan_version = (select max(plan_version) from meta.publication)
        """
    )
    if not found:
        return None
    return Fact(
        "P(plan met)",
        text(found[0]["met_share"], "met_share"),
        f"simulated over {found[0]['months_count']} months of the plan",
        rows_of("forecast.fct_plan_odds", node_level="company"),
    )


def _branch(page: Page) -> None:
    page.ask(
        "attainment",
        "My branch this quarter",
        """
        select
            attained.rep_id, attained.quarter_start, attained.quota_cents,
            attained.bookings_cents, attained.attainment_share, attained.is_partial,
            attained.quota_source, attained.plan_version, attained.as_of
        from plan.fct_attainment as attained
        where
            (? or list_contains(?::varchar[], attained.rep_id))
            and attained.quarter_start = (
                select max(quarter_start) from plan.fct_attainment
                where quarter_start <= as_of
            )
        order by attained.attainment_share nulls last, attained.rep_id
        """,
        page.scope.values,
        columns=[
            "rep_id",
            "quarter_start",
            "quota_cents",
            "bookings_cents",
            "attainment_share",
            "is_partial",
            "plan_version",
        ],
        caption="Credited bookings against the quota in force",
        empty="Nobody in your branch has a quota this quarter.",
        source="/rows/plan.fct_attainment",
        drawing=drawn(
            "bars",
            "Attainment of each rep of the branch this quarter",
            label="rep_id",
            value="attainment_share",
        ),
    )
