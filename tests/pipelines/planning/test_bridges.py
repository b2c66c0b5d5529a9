"""Every step of a quota is worked out, and the steps are the quota to the cent."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.calendar import months
from data_contracts.errors import LedgerError
from pipelines.ledger.content import canonical
from pipelines.ledger.overrides import Ask, Override
from pipelines.planning.bridges import STEPS, quota_bridge
from pipelines.planning.computing import PlanInputs, compute
from pipelines.planning.cycle import Content
from pipelines.planning.inputs import HELD_QUOTA_SCHEMA, LEAVE_SCHEMA, Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import first_horizon


def planned(facts: Facts, forecasts: Forecasts) -> tuple[PlanInputs, Content]:
    plan = first_horizon(facts.policy, facts.as_of)
    inputs = PlanInputs(facts, forecasts, plan)
    return inputs, canonical(compute(inputs).content)


def sums(bridge: pl.DataFrame) -> dict[str, int]:
    return dict(bridge.group_by("step").agg(pl.sum("cents")).iter_rows())


def assert_adds_up(inputs: PlanInputs, content: Content) -> None:
    for rep in content["quota"]["rep_id"].unique():
        bridge = quota_bridge(inputs, content, rep)
        by_month = (
            bridge.group_by("month_start").agg(pl.sum("cents")).sort("month_start")
        )
        mine = content["quota"].filter(pl.col("rep_id") == rep).sort("month_start")
        assert by_month["cents"].to_list() == mine["quota_cents"].to_list(), rep


@pytest.mark.slow
def test_the_steps_of_every_quota_sum_to_it_in_every_month(
    facts: Facts, forecasts: Forecasts
) -> None:
    assert_adds_up(*planned(facts, forecasts))


def test_even_books_and_ramped_reps_leave_season_cushion_and_rounding(
    facts: Facts, forecasts: Forecasts
) -> None:
    # smb: 10 accounts x 100 a month grow by 10 % to 13,200; the launch brings 50 more
    # in 8 months (half of 100), so 13,600; two reps, even books: 6,800 each and 10 %
    inputs, content = planned(facts, forecasts)
    found = sums(quota_bridge(inputs, content, "r1"))
    assert found["even_share"] == 6800_00
    assert found["potential"] == found["ramp_relief"] == found["seasonality"] == 0
    assert found["cushion"] == 680_00
    assert found["carried_over"] == found["by_hand"] == 0
    season = quota_bridge(inputs, content, "r1").filter(pl.col("step") == "seasonality")
    assert season["cents"].max() > 0 > season["cents"].min()


@pytest.mark.slow
def test_a_new_hire_is_spared_and_a_colleague_carries_it(
    facts: Facts, forecasts: Forecasts
) -> None:
    hired = pl.when(pl.col("rep_id") == "r1").then(pl.lit(date(2026, 1, 1)))
    reps = facts.reps.with_columns(hired.otherwise("hired_on").alias("hired_on"))
    ramp = forecasts.ramp.with_columns(share=(pl.col("tenure_month") / 12).clip(0.1, 1))
    inputs, content = planned(replace(facts, reps=reps), replace(forecasts, ramp=ramp))
    found = {rep: sums(quota_bridge(inputs, content, rep)) for rep in ("r1", "r2")}
    assert found["r1"]["ramp_relief"] < -1000_00
    together = found["r1"]["ramp_relief"] + found["r2"]["ramp_relief"]
    assert abs(together) <= 24  # relief is carried inside the segment, cents aside
    assert_adds_up(inputs, content)


def test_a_larger_book_is_asked_for_more(facts: Facts, forecasts: Forecasts) -> None:
    inputs, content = planned(facts, forecasts)
    heavy = content["assignment"].with_columns(
        potential_cents=pl.col("potential_cents")
        * pl.when(pl.col("rep_id") == "r1").then(3).otherwise(1)
    )
    # by potential 3/4, by head 1/2, half and half: 5/8 of 13,600 against 6,800
    found = sums(quota_bridge(inputs, {**content, "assignment": heavy}, "r1"))
    assert found["potential"] == pytest.approx(13600_00 * 5 / 8 - 6800_00, abs=2)


@pytest.mark.slow
def test_what_people_fixed_is_a_step_of_its_own(
    facts: Facts, forecasts: Forecasts
) -> None:
    inputs, before = planned(facts, forecasts)
    was = int(before["quota"].filter(pl.col("rep_id") == "r1")["quota_cents"].sum())
    fixed = Override(
        ask=Ask.QUOTA,
        key="r1",
        value=str(was - 500_00),
        reason="half a year",
        version=1,
        until=inputs.plan.effective_to,
        author="ana",
        number=3,
    )
    told = {(1, part): before[part] for part in ("assignment", "quota")}
    inputs = replace(inputs, overrides=(fixed,), told=told)
    content = canonical(compute(inputs).content)
    assert sums(quota_bridge(inputs, content, "r1"))["by_hand"] == -500_00
    assert_adds_up(inputs, content)


def test_a_rep_without_quota_is_an_error(facts: Facts, forecasts: Forecasts) -> None:
    inputs, content = planned(facts, forecasts)
    with pytest.raises(LedgerError, match="gives rep 'boss' no quota"):
        quota_bridge(inputs, content, "boss")


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(
    weight=st.floats(0, 1),
    cushion=st.floats(0, 0.5),
    unit=st.sampled_from([0.01, 1, 7, 100, 1000]),
    tenures=st.lists(st.integers(0, 40), min_size=4, max_size=4),
    rules=st.fixed_dictionaries(
        {
            "method": st.sampled_from(["potential", "bookings", "even"]),
            "max_change_share": st.sampled_from([None, 0.0, 0.1, 1.0]),
            "leave_relief_share": st.floats(0, 1),
            "vacancy_relief_share": st.floats(0, 1),
        }
    ),
    before=st.integers(1, 3_000_00),
)
def test_whatever_the_policy_the_steps_are_the_quota(
    weight: float,
    cushion: float,
    unit: float,
    tenures: list[int],
    rules: dict[str, object],
    before: int,
) -> None:
    from tests.pipelines.planning import conftest as small

    facts = small.facts.__wrapped__(small.policy.__wrapped__())  # type: ignore[attr-defined]
    forecasts = small.forecasts.__wrapped__(facts)  # type: ignore[attr-defined]
    quotas = facts.policy.quotas.model_copy(
        update={
            "potential_weight_share": weight,
            "rounding_in_currency": unit,
            "over_assignment_share": {"rep": cushion, "segment": cushion / 2},
            **rules,
        }
    )
    start = [date(2026 - tenure // 12, 12 - tenure % 12, 1) for tenure in tenures]
    reps = facts.reps.with_columns(hired_on=pl.Series([*start, None], dtype=pl.Date))
    ramp = forecasts.ramp.with_columns(share=(pl.col("tenure_month") / 12).clip(0.1, 1))
    policy = facts.policy.model_copy(update={"quotas": quotas})
    held = [("r1", month, before) for month in months(date(2025, 1, 1), 12)]
    away = [("r2", date(2026, 2, 1), 1.0), ("r4", date(2026, 8, 1), 0.5)]
    world = replace(
        facts,
        reps=reps,
        policy=policy,
        held_quotas=pl.DataFrame(held, schema=HELD_QUOTA_SCHEMA, orient="row"),
        leaves=pl.DataFrame(away, schema=LEAVE_SCHEMA, orient="row"),
    )
    inputs, content = planned(world, replace(forecasts, ramp=ramp))
    assert_adds_up(inputs, content)
    assert set(quota_bridge(inputs, content, "r1")["step"]) == set(STEPS)
