"""Scenarios: overlays on policy and events, run beside each other, bridged exactly."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from data_contracts.errors import PolicyError
from pipelines.planning import scenario_runs
from pipelines.planning.computing import PlanInputs, books_key, compute
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.scenario_runs import ScenarioRun, measures_of, run_scenarios
from pipelines.planning.scenarios import Scenario, drivers_of, load_scenario
from pipelines.planning.targets import first_horizon


@pytest.fixture
def base(facts: Facts, forecasts: Forecasts) -> PlanInputs:
    return PlanInputs(facts, forecasts, first_horizon(facts.policy, facts.as_of))


def scenario(name: str = "one", **told: Any) -> Scenario:
    return Scenario.model_validate({"name": name, "why": "what if", **told})


ADS = {
    "id": "ads",
    "segment_id": "smb",
    "top_in_currency": 100,
    "scale_in_currency": 10,
}
SOLD = [
    {"product_id": "P1", "mix_share": 0.75},
    {"product_id": "P2", "mix_share": 0.25},
]
GRADED = {
    "ideal_customer": {
        "regions": ["east"],
        "potential_swing_share": 0.5,
        "grades": [{"id": "a", "min_score_share": 0}],
    },
    "account_mix": [{"group": "a", "balance_tolerance_share": 0.2}],
}
TIER = {"id": "all", "yield_share": 0.2, "cost_in_currency": 1}
MIXED = {
    "policy": {"targets": {"growth_share": 0.3}, "capacity": {"attainment_share": 0.9}},
    "events": {"hire_delay_months": 2, "attrition_change_per_year_share": 0.05},
}


def one(base: PlanInputs, **told: Any) -> ScenarioRun:
    (found,) = run_scenarios(base, [scenario(**told)])
    return found


@pytest.mark.slow
def test_a_scenario_is_the_plan_its_changed_policy_would_give(base: PlanInputs) -> None:
    found = one(base, policy={"targets": {"growth_share": 0.3}})
    targets = base.facts.policy.targets.model_copy(update={"growth_share": 0.3})
    policy = base.facts.policy.model_copy(update={"targets": targets})
    by_hand = compute(replace(base, facts=replace(base.facts, policy=policy)))
    for name, frame in by_hand.content.items():
        assert found.draft.content[name].equals(frame), name
    assert base.facts.policy.targets.growth_share == 0.1


@pytest.mark.slow
def test_base_and_drivers_sum_to_the_scenario_in_every_measure(
    base: PlanInputs,
) -> None:
    found = one(base, **MIXED)
    assert [step.driver for step in found.steps] == [
        "policy.capacity",
        "policy.targets",
        "attrition",
        "hire delay",
    ]
    for measure, value in measures_of(found.draft.content).items():
        changes = sum(step.change[measure] for step in found.steps)
        assert found.base[measure] + changes == value, measure


@pytest.mark.slow
def test_a_driver_is_told_apart_from_the_others(base: PlanInputs) -> None:
    found = one(base, **MIXED)
    by_driver = {step.driver: step.change for step in found.steps}
    assert by_driver["policy.targets"]["target_cents"] > 0
    for other in ("policy.capacity", "attrition", "hire delay"):
        assert by_driver[other]["target_cents"] == 0


def test_attrition_points_add_to_the_years_rate(base: PlanInputs) -> None:
    (driver,) = drivers_of(
        scenario(events={"attrition_change_per_year_share": 0.05}), base.facts.policy
    )
    hazard = driver.apply(base).forecasts.attrition["monthly_hazard_share"]
    assert (1 - (1 - hazard) ** 12).to_list() == pytest.approx([0.05, 0.05])


@pytest.mark.slow
def test_a_delay_starts_hires_later_and_a_slip_moves_the_launch(
    base: PlanInputs,
) -> None:
    delay, slip = drivers_of(
        scenario(events={"hire_delay_months": 2, "launch_slip_months": {"pro": 3}}),
        base.facts.policy,
    )
    assert delay.apply(base).facts.policy.capacity.hire_lead_time_months == 4
    assert slip.apply(base).facts.policy.launches[0].planned_on == date(2026, 8, 1)
    # 100 a month less in May, June and July
    found = one(base, events={"launch_slip_months": {"pro": 3}})
    assert found.steps[0].change["target_cents"] == -300_00


@pytest.mark.slow
def test_less_demand_leaves_the_target_and_widens_the_gap(base: PlanInputs) -> None:
    found = one(base, events={"demand_change_share": -0.2})
    assert found.steps[0].change["target_cents"] == 0
    assert found.steps[0].change["capacity_cents"] < 0


@pytest.mark.slow
def test_frozen_territories_move_no_account(base: PlanInputs) -> None:
    owner = pl.when(pl.col("segment_id") == "smb").then(pl.lit("r1"))
    accounts = base.facts.accounts.with_columns(
        owner.otherwise("owner_rep_id").alias("owner_rep_id")
    )
    uneven = replace(base, facts=replace(base.facts, accounts=accounts))
    found = one(uneven, events={"is_territory_frozen": True})
    assert found.base["moved_accounts_count"] > 0
    assert found.measures["moved_accounts_count"] == 0


@pytest.mark.slow
def test_the_same_territory_question_is_solved_once_for_all(
    base: PlanInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved = []

    def counted(*args: Any) -> Any:
        solved.append(args)
        return real(*args)

    real = scenario_runs.first_books
    monkeypatch.setattr(scenario_runs, "first_books", counted)
    many = [
        scenario(f"s{n}", policy={"targets": {"growth_share": n / 100}})
        for n in range(9)
    ]
    run_scenarios(base, [*many, scenario("late", events={"hire_delay_months": 1})])
    assert len(solved) == 1
    run_scenarios(base, [scenario("worth", events={"demand_change_share": 0.1})])
    assert len(solved) == 3  # the base once more, and one that asks something else


def test_what_changes_books_changes_their_key(base: PlanInputs) -> None:
    told = {
        "policy": {"territories": {"balance_tolerance_share": 0.1}},
        "events": {"demand_change_share": 0.1},
    }
    keys = {books_key(base)}
    for driver in drivers_of(scenario(**told), base.facts.policy):
        keys.add(books_key(driver.apply(base)))
    assert len(keys) == 3


@pytest.mark.slow
def test_what_is_remembered_is_what_would_be_worked_out(base: PlanInputs) -> None:
    told: list[dict[str, Any]] = [
        {"events": {"attrition_change_per_year_share": 0.2}},
        {"events": {"hire_delay_months": 3}},
        {"events": {"launch_slip_months": {"pro": 4}}},
        {"events": {"price_change_share": 0.1}},
        {"events": {"budget_change_share": -0.5}},
        {"events": {"is_territory_frozen": True}},
        {"policy": {"targets": {"growth_share": 0.4}}},
        {"policy": {"quotas": {"over_assignment_share": {"rep": 0.3}}}},
        {"policy": {"pay": {"market_deviation": 0.5}}},
        {"policy": {"capacity": {"prior_months_to_80_months": 12}}},
        {"policy": {"capacity": {"attainment_share": 0.7}}},
        {"policy": {"promise": {"plan_met_probability_share": 0.6}}},
        {"policy": {"coverage": {"tiers": [TIER]}}},
        {"policy": {"budget": {"year_in_currency": 5, "activities": [ADS]}}},
        {"policy": {"targets": {"products": SOLD}}},
        {"policy": {"coverage": GRADED, "quotas": {"method": "bookings"}}},
        {"policy": {"territories": {"locked_accounts": ["a00"]}}},
    ]
    scenarios = [scenario(f"s{n}", **each) for n, each in enumerate(told)]
    for found in run_scenarios(base, scenarios):
        alone = compute(found.inputs)
        for name, frame in alone.content.items():
            assert found.draft.content[name].equals(frame), (found.scenario, name)


@pytest.mark.slow
def test_a_dearer_product_raises_the_target_by_its_part(base: PlanInputs) -> None:
    # a quarter of the target is P2; a fifth dearer makes the whole a twentieth more
    found = one(
        base,
        policy={"targets": {"products": SOLD}, "quotas": {"leave_relief_share": 1}},
        events={"product_price_change_share": {"P2": 0.2}},
    )
    change = {step.driver: step.change["target_cents"] for step in found.steps}
    launch = 8 * 100_00
    assert change["policy.targets"] == change["policy.quotas"] == 0
    assert change["product price"] == (found.base["target_cents"] - launch) // 20
    with pytest.raises(PolicyError, match=r"'P2', but targets\.products has only none"):
        one(base, events={"product_price_change_share": {"P2": 0.2}})


@pytest.mark.slow
def test_two_processes_give_what_one_gives(base: PlanInputs) -> None:
    both = [scenario("a", **MIXED), scenario("b", events={"demand_change_share": 0.1})]
    alone, beside = (run_scenarios(base, both, workers=n) for n in (1, 2))
    assert [each.measures for each in alone] == [each.measures for each in beside]
    assert [each.steps for each in alone] == [each.steps for each in beside]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\nwhy: y\nevents: {hire_delay: 2}", "events.hire_delay"),
        ("name: y\nwhy: y", "calls itself 'y'"),
        ("name: x\nwhy: y\nwhy: z", "'why' twice, again in line 3"),
        ("name: [", "is not YAML"),
        ("", "breaks its rules"),
        ("name: x\nwhy: ''", "breaks its rules"),
    ],
)
def test_a_broken_file_says_where(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(PolicyError, match=told.replace("'", ".")):
        load_scenario(path)


def test_a_policy_that_breaks_a_rule_or_an_unknown_launch_is_refused(
    base: PlanInputs,
) -> None:
    with pytest.raises(PolicyError, match=r"policy\.targets breaks a rule"):
        one(base, policy={"targets": {"growth_share": 7}})
    with pytest.raises(PolicyError, match="has only pro"):
        one(base, events={"launch_slip_months": {"mini": 1}})


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "late.yaml"
    path.write_text(yaml.safe_dump({"name": "late", "why": "hiring", **MIXED}))
    assert load_scenario(path).events.hire_delay_months == 2
