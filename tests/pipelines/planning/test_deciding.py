"""Freezes, patience, rejections and change budgets: what waits, and until when."""

from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.calendar import add_months
from data_contracts.drift import Breach, BreachState, DriftMetric
from data_contracts.plan import PlanState
from data_contracts.policy import CompanyPolicy
from data_contracts.replanning import Decision, Verdict
from pipelines.ledger.records import PlanVersion
from pipelines.planning.deciding import decided, held, put_off, spent
from pipelines.planning.worth import Item, Worth

NIGHT = date(2026, 6, 10)
POLICY = CompanyPolicy.model_validate(
    {
        "company": {"name": "Acme"},
        "segments": [{"id": "smb", "name": "Small", "is_default": True}],
        "roles": [
            {"id": "ae", "name": "AE", "hris_roles": ["ae"], "is_quota_bearing": True}
        ],
        "targets": {"growth_share": 0.1},
        "negotiation": {
            "freeze_windows": [
                {
                    "starts_on": date(2026, 12, 15),
                    "ends_on": date(2026, 12, 31),
                    "why": "the year's last deals close",
                }
            ]
        },
    }
)


def breach(
    metric: DriftMetric = DriftMetric.ATTAINMENT,
    scope: str = "segment:smb",
    statistic: float = 50.0,
) -> Breach:
    return Breach(
        key=f"{metric}:x",
        metric=metric,
        node_level="segment",
        node_id="smb",
        direction="below",
        first_seen_on=NIGHT,
        scope=scope,
        asks_for=("quotas",),
        cause="",
        state=BreachState.OPEN,
        plan_version=1,
        statistic=statistic,
    )


def version(
    number: int,
    state: PlanState,
    *,
    key: str = "attainment:x",
    as_of: date = NIGHT,
    scope: str = "segment:smb",
) -> PlanVersion:
    return PlanVersion(
        version=number,
        state=state,
        scenario="base",
        parent_version=1,
        title="",
        as_of=as_of,
        effective_from=add_months(as_of, 1),
        effective_to=date(2026, 12, 31),
        proposed_by="nightly-refresh",
        proposed_at=datetime(2026, 1, 1),  # noqa: DTZ001  # UTC without a zone
        decided_by=None,
        decided_at=None,
        published_at=None,
        why="",
        breach_key=key,
        scope=scope,
        policy_hash="p",
        input_hash="i",
        code_hash="c",
        content_hash="h",
        territory_gap_share=None,
        territory_proof=None,
    )


def decision(verdict: Verdict, on: date, statistic: float = 50.0) -> Decision:
    return Decision("attainment:x", on, verdict, on, statistic, "p", "")


def told(gain: int, cost: int) -> Worth:
    return Worth((Item("gain", gain),), (Item("cost", cost),))


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.sampled_from(list(DriftMetric)),
    st.floats(1, 1e9),
)
def test_nothing_is_planned_again_in_a_freeze_whatever_the_evidence(
    night: date, metric: DriftMetric, statistic: float
) -> None:
    (window,) = POLICY.negotiation.freeze_windows
    found = held(breach(metric, statistic=statistic), POLICY, night, [], [])
    in_window = [
        window.starts_on <= day <= window.ends_on
        for day in (night, add_months(night, 1))
    ]
    assert (found is not None and found.verdict is Verdict.FROZEN) == any(in_window)
    if found is not None:
        assert found.reconsider_on > night


def test_a_breach_found_in_a_freeze_is_looked_at_the_day_after_it() -> None:
    found = held(breach(), POLICY, date(2026, 12, 20), [], [])
    assert found is not None
    assert found.reconsider_on == date(2027, 1, 1)
    assert "the year's last deals close" in found.why


def test_a_proposal_rejected_once_is_asked_again_when_the_cooldown_is_over() -> None:
    no = version(2, PlanState.REJECTED)
    day = timedelta(days=1)
    again = NIGHT + timedelta(days=28)
    waits = held(breach(), POLICY, again - day, [no], [])
    assert waits is not None
    assert (waits.verdict, waits.reconsider_on) == (Verdict.REFUSED, again)
    assert held(breach(), POLICY, again, [no], []) is None


def test_a_proposal_rejected_twice_is_asked_again_only_when_evidence_has_doubled() -> (
    None
):
    later = NIGHT + timedelta(days=40)
    twice = [
        version(2, PlanState.REJECTED),
        version(3, PlanState.REJECTED, as_of=later),
    ]
    before = [decision(Verdict.WORTH, NIGHT, 50), decision(Verdict.WORTH, later, 60)]
    night = later + timedelta(days=60)
    still = held(breach(statistic=119.9), POLICY, night, twice, before)
    assert still is not None
    assert still.verdict is Verdict.REFUSED
    assert "version 3" in still.why
    assert still.reconsider_on == add_months(night, 1)
    assert held(breach(statistic=120.0), POLICY, night, twice, before) is None


def test_a_fact_rejected_twice_is_not_asked_again_in_this_plan() -> None:
    left = breach(DriftMetric.REP_LEFT, "rep:r1", 1.0)
    twice = [
        version(number, PlanState.REJECTED, key=left.key, scope="rep:r1")
        for number in (2, 3)
    ]
    found = held(left, POLICY, date(2026, 9, 1), twice, [])
    assert found is not None
    assert found.reconsider_on == date(2027, 1, 1)


def test_a_scope_that_was_planned_again_is_left_alone_for_four_weeks() -> None:
    other = version(2, PlanState.PUBLISHED, key="headcount:y")
    found = held(breach(), POLICY, NIGHT + timedelta(days=27), [other], [])
    assert found is not None
    assert found.verdict is Verdict.COOLING
    assert held(breach(), POLICY, NIGHT + timedelta(days=28), [other], []) is None


def test_a_part_waits_while_the_companys_replan_waits_for_a_decision() -> None:
    whole = version(2, PlanState.PROPOSED, key="attainment:company", scope="company")
    found = held(breach(), POLICY, NIGHT, [whole], [])
    assert found is not None
    assert "version 2 of company waits" in found.why


def test_a_departure_does_not_wait_for_another_replan() -> None:
    whole = version(2, PlanState.PROPOSED, key="attainment:company", scope="company")
    left = breach(DriftMetric.REP_LEFT, "rep:r1", 1.0)
    assert held(left, POLICY, NIGHT, [whole], []) is None


def test_a_replan_is_proposed_from_break_even_on() -> None:
    worth = decided(breach(), POLICY, NIGHT, told(100, 100), [])
    less = decided(breach(), POLICY, NIGHT, told(99, 100), [])
    assert (worth.verdict, less.verdict) == (Verdict.WORTH, Verdict.NOT_WORTH)
    assert less.why.startswith("not worth re-planning: gain 0.99")
    assert less.reconsider_on == date(2026, 7, 1)


def test_what_was_not_worth_it_has_to_clear_a_higher_bar() -> None:
    before = [decision(Verdict.NOT_WORTH, date(2026, 5, 10))]
    flips = decided(breach(), POLICY, NIGHT, told(124, 100), before)
    grown = decided(breach(), POLICY, NIGHT, told(125, 100), before)
    assert (flips.verdict, grown.verdict) == (Verdict.NOT_WORTH, Verdict.WORTH)


def test_nobody_gets_a_third_new_quota_in_a_quarter() -> None:
    none = pl.DataFrame(
        schema={"rep_id": pl.String, "moved_cents": pl.Int64, "book_cents": pl.Int64}
    )
    spent_by = {"r1": 2, "r2": 1}
    found = spent(breach(), POLICY, NIGHT, changes=spent_by, now={"r1"}, moved=none)
    assert found is not None
    assert (found.verdict, found.reconsider_on) == (Verdict.SPENT, date(2026, 7, 1))
    assert "r1" in found.why
    may = spent(breach(), POLICY, NIGHT, changes=spent_by, now={"r2"}, moved=none)
    assert may is None
    left = breach(DriftMetric.REP_LEFT, "rep:r9")
    assert spent(left, POLICY, NIGHT, changes=spent_by, now={"r1"}, moved=none) is None


def test_nobody_loses_more_than_a_quarter_of_a_book_in_a_quarter() -> None:
    torn = pl.DataFrame({"rep_id": ["r1"], "moved_cents": [26], "book_cents": [100]})
    found = spent(breach(), POLICY, NIGHT, changes={}, now=set(), moved=torn)
    assert found is not None
    assert "25%" in found.why
    fits = torn.with_columns(moved_cents=pl.lit(25))
    assert spent(breach(), POLICY, NIGHT, changes={}, now=set(), moved=fits) is None


def test_a_hold_is_recorded_as_a_decision_of_the_night() -> None:
    hold = held(breach(), POLICY, date(2026, 12, 20), [], [])
    assert hold is not None
    made = put_off(breach(), POLICY, date(2026, 12, 20), hold)
    assert (made.verdict, made.reconsider_on) == (Verdict.FROZEN, date(2027, 1, 1))
    assert made.gain_cents is None
    assert made.policy_hash == POLICY.digest
