"""Budget and coverage follow the policy, and their proofs are worked out again."""

import polars as pl
import pytest

from data_contracts.coverage import Coverage
from data_contracts.economics import Budget
from data_contracts.errors import InfeasibleError
from pipelines.planning.programme import plan_budget, plan_coverage

BUDGET = Budget.model_validate(
    {
        "year_in_currency": 10_000,
        "unit_in_currency": 1_000,
        "activities": [
            {
                "id": "search",
                "segment_id": "smb",
                "top_in_currency": 50_000,
                "scale_in_currency": 3_000,
            },
            {
                "id": "events",
                "segment_id": "ent",
                "top_in_currency": 50_000,
                "scale_in_currency": 3_000,
            },
        ],
    }
)
COVERAGE = Coverage.model_validate(
    {
        "tiers": [
            {
                "id": "field",
                "yield_share": 0.5,
                "cost_in_currency": 100,
                "max_accounts_count": 1,
            },
            {"id": "digital", "yield_share": 0.1, "cost_in_currency": 0},
        ],
        "overrides": {},
    }
)


def accounts(*potential: int) -> pl.DataFrame:
    names = [f"a{place}" for place in range(len(potential))]
    return pl.DataFrame(
        {"account_id": names, "potential_cents": [cents * 100 for cents in potential]}
    )


def test_equal_activities_share_the_budget_evenly() -> None:
    lines, proofs = plan_budget(BUDGET)
    assert lines["spend_cents"].to_list() == [500_000, 500_000]
    assert lines["segment_id"].to_list() == ["ent", "smb"]
    assert proofs[0].gap_share == 0.0
    assert proofs[0].is_verified


def test_without_activities_nothing_is_spent_or_proven() -> None:
    lines, proofs = plan_budget(Budget())
    assert lines.is_empty()
    assert proofs == []


def test_floors_above_the_budget_are_named() -> None:
    dear = BUDGET.activities[0].model_copy(update={"floor_in_currency": 20_000.0})
    with pytest.raises(InfeasibleError, match="floors"):
        plan_budget(BUDGET.model_copy(update={"activities": (dear,)}))


def test_the_one_place_in_the_field_goes_to_the_account_worth_most_there() -> None:
    # field: half less 100; digital: a tenth. 1000 gains 300, 600 gains 140, 10 loses
    lines, proofs = plan_coverage(COVERAGE, accounts(600, 1_000, 10))
    assert lines["coverage_tier"].to_list() == ["digital", "field", "digital"]
    assert lines["value_cents"].sum() == 6_000 + 40_000 + 100
    assert "places are worth more to others" in lines["reason"][0]
    assert proofs[0].is_verified
    assert proofs[0].gap_share == 0.0


def test_a_tier_decided_by_hand_comes_first() -> None:
    by_hand = COVERAGE.model_copy(update={"overrides": {"a2": "field"}})
    lines, _ = plan_coverage(by_hand, accounts(600, 1_000, 10))
    assert lines["coverage_tier"].to_list() == ["digital", "digital", "field"]
    assert lines["reason"][2] == "decided by hand"


def test_a_policy_whose_tiers_cannot_hold_everybody_is_refused() -> None:
    full = COVERAGE.model_dump() | {"tiers": COVERAGE.model_dump()["tiers"][:1]}
    with pytest.raises(ValueError, match="must have no max_accounts_count"):
        Coverage.model_validate(full)
    with pytest.raises(ValueError, match="tiers has only field, digital"):
        Coverage.model_validate(COVERAGE.model_dump() | {"overrides": {"a": "gold"}})


GRADES = {
    "ideal_customer": {
        "grades": [
            {"id": "a", "min_score_share": 0.5},
            {"id": "b", "min_score_share": 0},
        ]
    }
}


def test_a_tier_for_some_grades_takes_no_other_account() -> None:
    # the field is worth 400 to the largest, a b, and 200 to the next, an a
    field, digital = COVERAGE.model_dump()["tiers"]
    tiers = [field | {"grades": ["a"]}, digital]
    graded = Coverage.model_validate(GRADES | {"tiers": tiers})
    rows = accounts(1_000, 600, 100).with_columns(grade=pl.Series(["b", "a", None]))
    lines, (proof,) = plan_coverage(graded, rows)
    assert lines["coverage_tier"].to_list() == ["digital", "field", "digital"]
    assert lines["reason"].to_list() == ["worth the most here"] * 3
    assert (proof.objective, proof.bound) == (310_00, 310_00)  # 100 + 200 + 10
    assert proof.is_verified
    by_hand = graded.model_copy(update={"overrides": {"a0": "field"}})
    lines, (proof,) = plan_coverage(by_hand, rows)
    assert lines["coverage_tier"].to_list() == ["field", "digital", "digital"]
    assert proof.is_verified


def test_a_tier_for_a_grade_that_is_not_there_is_refused() -> None:
    field, digital = COVERAGE.model_dump()["tiers"]
    with pytest.raises(ValueError, match="for grade 'z'; ideal_customer has only a, b"):
        Coverage.model_validate(
            GRADES | {"tiers": [field | {"grades": ["z"]}, digital]}
        )
    with pytest.raises(ValueError, match="no max_accounts_count and no grades"):
        Coverage.model_validate(
            GRADES | {"tiers": [field, digital | {"grades": ["a"]}]}
        )
