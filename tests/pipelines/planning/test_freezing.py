"""A re-plan changes what the breach asks for within its scope; the rest is frozen."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from data_contracts.drift import Breach, BreachState, DriftMetric
from pipelines.ledger.content import canonical
from pipelines.planning.cycle import Content, first_plan
from pipelines.planning.freezing import scope_of
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.replan import answer, rest_of
from pipelines.planning.targets import first_horizon

pytestmark = pytest.mark.slow  # each plans a small company twice

STARTS = date(2026, 4, 1)
PEOPLE = ("capacity", "hire", "compensation")


@pytest.fixture
def parent(facts: Facts, forecasts: Forecasts) -> Content:
    plan = first_horizon(facts.policy, facts.as_of)
    return first_plan(facts, forecasts, plan).content


def ask(scope: str, *asks_for: str) -> Breach:
    level, _, node = scope.partition(":")
    return Breach(
        key=f"{scope}:below",
        metric=DriftMetric.REP_LEFT if level == "rep" else DriftMetric.ATTAINMENT,
        node_level=level,
        node_id=node or scope,
        direction="below",
        first_seen_on=date(2026, 3, 10),
        scope=scope,
        asks_for=asks_for,
        cause="",
        state=BreachState.OPEN,
        plan_version=1,
    )


def answered(
    facts: Facts, forecasts: Forecasts, parent: Content, asked: Breach
) -> Content:
    """Answer three months later, r2 gone and the others slower than they were."""
    gone = pl.col("is_active") & (pl.col("rep_id") != "r2")
    now = replace(
        facts, as_of=date(2026, 3, 10), reps=facts.reps.with_columns(is_active=gone)
    )
    slow = forecasts.productivity.with_columns(
        ramped_month_cents=pl.lit(300_00, pl.Int64)
    )
    plan = rest_of(now, date(2026, 12, 31))
    later = replace(forecasts, productivity=slow)
    return answer(now, later, asked, parent, plan).content


def rest(content: Content, component: str, segment: str | None = None) -> pl.DataFrame:
    lines = canonical(content)[component].filter(pl.col("month_start") >= STARTS)
    if segment is None:
        return lines
    return lines.filter(pl.col("segment_id") == segment)


def test_a_leavers_answer_hires_nobody_and_pays_nobody_otherwise(
    facts: Facts, forecasts: Forecasts, parent: Content
) -> None:
    asked = ask("rep:r2", "territories", "quotas")
    after = answered(facts, forecasts, parent, asked)
    for component in PEOPLE:
        assert rest(after, component).equals(rest(parent, component)), component


def test_a_segments_answer_leaves_the_other_segment_as_it_was(
    facts: Facts, forecasts: Forecasts, parent: Content
) -> None:
    asked = ask("segment:smb", "targets", "capacity", "quotas")
    after = answered(facts, forecasts, parent, asked)
    for component in (*PEOPLE, "quota"):
        kept = rest(after, component, "ent")
        assert kept.equals(rest(parent, component, "ent")), component
    assert not rest(after, "capacity", "smb").equals(rest(parent, "capacity", "smb"))
    assert not rest(after, "quota", "smb").equals(rest(parent, "quota", "smb"))


def test_a_company_wide_answer_may_plan_everybodys_people_again(
    facts: Facts, forecasts: Forecasts, parent: Content
) -> None:
    after = answered(facts, forecasts, parent, ask("company", "capacity"))
    for segment in ("smb", "ent"):
        now, was = rest(after, "capacity", segment), rest(parent, "capacity", segment)
        assert not now.equals(was)
    assert rest(after, "quota").equals(rest(parent, "quota"))


def test_the_hires_of_a_segment_stay_within_what_the_others_leave_of_the_limit(
    facts: Facts, forecasts: Forecasts, parent: Content
) -> None:
    most = facts.policy.capacity.max_hires_per_month_count
    asked = ask("segment:smb", "targets", "capacity", "quotas")
    after = answered(facts, forecasts, parent, asked)
    by_month = rest(after, "hire").group_by("month_start").agg(pl.sum("hires_count"))
    assert (by_month["hires_count"] <= most).all()


def test_quota_nodes_are_the_sums_of_frozen_and_new_quotas(
    facts: Facts, forecasts: Forecasts, parent: Content
) -> None:
    asked = ask("segment:smb", "targets", "quotas")
    after = answered(facts, forecasts, parent, asked)
    nodes = rest(after, "target").filter(
        pl.col("measure") == "quota", pl.col("node_level") == "company"
    )
    reps = rest(after, "quota").group_by("month_start").agg(pl.sum("quota_cents"))
    assert (
        nodes["value_cents"]
        .sort()
        .equals(reps["quota_cents"].sort().alias("value_cents"))
    )


def test_a_cell_is_planned_again_with_its_segment() -> None:
    cell = ask("cell:smb/east", "quotas")
    assert scope_of(cell, "segment") == "smb"
    assert scope_of(cell, "region") is None
    assert scope_of(ask("company"), "segment") is None
