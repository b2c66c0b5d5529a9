"""A first plan is whole, and an answer to a breach changes its scope alone."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data_contracts.coverage import Coverage
from data_contracts.drift import Breach, DriftMetric
from data_contracts.economics import Budget
from data_contracts.errors import LedgerError, PolicyError
from data_contracts.plan import COMPONENTS
from pipelines.ledger.store import Ledger
from pipelines.planning import territories
from pipelines.planning.cycle import PlanDraft, first_plan
from pipelines.planning.fingerprint import input_hash
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.replan import answer, rest_of
from pipelines.planning.targets import first_horizon, horizon
from tests.pipelines.planning.conftest import LEFT


def breach(**changes: Any) -> Breach:
    asked = {"asks_for": ("territories", "quotas", "capacity")}
    return replace(LEFT, **(asked | changes))


@pytest.fixture
def draft(facts: Facts, forecasts: Forecasts) -> PlanDraft:
    return first_plan(facts, forecasts, first_horizon(facts.policy, facts.as_of))


def later(facts: Facts, *gone: str) -> Facts:
    reps = facts.reps.with_columns(
        is_active=pl.col("is_active") & ~pl.col("rep_id").is_in(gone)
    )
    return replace(facts, as_of=date(2026, 3, 10), reps=reps)


def year(content: dict[str, pl.DataFrame], component: str, column: str) -> int:
    return int(content[component][column].sum())


def test_a_first_plan_has_every_component_with_its_columns(draft: PlanDraft) -> None:
    for name, columns in COMPONENTS.items():
        assert set(draft.content[name].columns) == set(columns), name


def test_the_ledger_takes_a_first_plan_as_it_comes(
    draft: PlanDraft, facts: Facts, tmp_path: Path
) -> None:
    plan = first_horizon(facts.policy, facts.as_of)
    version = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}").propose(
        draft.content,
        scenario="base",
        title="plan",
        as_of=facts.as_of,
        effective_from=plan.effective_from,
        effective_to=plan.effective_to,
        proposed_by="planner",
        why="test",
        policy_hash="p",
        input_hash="i",
        code_hash="c",
    )
    assert version.version == 1


def test_quotas_carry_the_target_and_its_cushion(draft: PlanDraft) -> None:
    # 20 accounts x 12 x 100 x 1.1 = 26,400; the launch adds 8 x 100; 10 % cushion
    target = draft.content["target"].filter(
        pl.col("measure") == "bookings", pl.col("node_level") == "company"
    )
    assert target["value_cents"].sum() == 26_400_00 + 800_00
    assert year(draft.content, "quota", "quota_cents") == 29_920_00


def test_even_books_move_nobody(draft: PlanDraft) -> None:
    assert not draft.content["assignment"]["is_moved"].any()
    assert draft.territory_gap_share == 0.0


def test_without_a_quota_bearing_rep_the_policy_is_named(
    facts: Facts, forecasts: Forecasts
) -> None:
    nobody = replace(facts, reps=facts.reps.filter(pl.col("role") == "manager"))
    with pytest.raises(PolicyError, match="quota-bearing role"):
        first_plan(nobody, forecasts, first_horizon(facts.policy, facts.as_of))


def test_accounts_of_a_segment_nobody_sells_to_still_have_an_owner(
    facts: Facts, forecasts: Forecasts
) -> None:
    no_ent = replace(facts, reps=facts.reps.filter(pl.col("segment_id") == "smb"))
    plan = first_plan(no_ent, forecasts, first_horizon(facts.policy, facts.as_of))
    lines = plan.content["assignment"]
    assert set(lines["rep_id"]) == {"r1", "r2"}
    strangers = lines.filter(pl.col("segment_id") == "ent")
    assert strangers["reason"].str.contains("no rep covers").all()


def test_a_leavers_book_goes_to_the_team_and_nobody_else_moves(
    facts: Facts, forecasts: Forecasts, draft: PlanDraft
) -> None:
    now = later(facts, "r1")
    plan = rest_of(now, date(2026, 12, 31))
    after = answer(now, forecasts, breach(), draft.content, plan).content
    moved = after["assignment"].filter(pl.col("is_moved"))
    assert set(moved["previous_rep_id"]) == {"r1"}
    assert set(moved["rep_id"]) == {"r2"}
    assert moved.height == 5


def test_a_leavers_answer_keeps_targets_and_quota_totals_to_the_cent(
    facts: Facts, forecasts: Forecasts, draft: PlanDraft
) -> None:
    now = later(facts, "r1")
    plan = rest_of(now, date(2026, 12, 31))
    after = answer(now, forecasts, breach(), draft.content, plan).content
    for component, column in (("target", "value_cents"), ("quota", "quota_cents")):
        before = draft.content[component].filter(
            pl.col("month_start") >= date(2026, 4, 1)
        )
        by_month = pl.col("month_start")
        assert (
            after[component].group_by(by_month).agg(pl.sum(column)).sort("month_start")
        ).equals(before.group_by(by_month).agg(pl.sum(column)).sort("month_start"))
    assert "r1" not in set(after["quota"]["rep_id"])


def test_a_segment_slump_resets_that_segments_targets_to_the_forecast(
    facts: Facts, forecasts: Forecasts, draft: PlanDraft
) -> None:
    slump = breach(
        key="attainment:segment:smb:below:2026-02-01",
        metric=DriftMetric.ATTAINMENT,
        node_level="segment",
        node_id="smb",
        scope="segment:smb",
        asks_for=("targets", "quotas"),
    )
    now = later(facts)
    plan = rest_of(now, date(2026, 12, 31))
    after = answer(now, forecasts, slump, draft.content, plan).content

    def of(content: dict[str, pl.DataFrame], node: str) -> int:
        lines = content["target"].filter(
            pl.col("measure") == "bookings",
            pl.col("node_id") == node,
            pl.col("month_start") >= date(2026, 4, 1),
        )
        return int(lines["value_cents"].sum())

    assert of(after, "smb") == 9 * 800_00
    assert of(after, "ent") == of(draft.content, "ent")
    assert not after["assignment"]["is_moved"].any()


def test_a_slipped_launch_leaves_the_targets_and_nothing_else(
    facts: Facts, forecasts: Forecasts, draft: PlanDraft
) -> None:
    slip = breach(
        key="launch_slipped:pro",
        metric=DriftMetric.LAUNCH_SLIPPED,
        node_level="launch",
        node_id="pro",
        scope="company",
        asks_for=("targets", "quotas"),
    )
    now = later(facts)
    plan = rest_of(now, date(2026, 12, 31))
    after = answer(now, forecasts, slip, draft.content, plan).content
    company = pl.col("node_level").eq("company") & pl.col("measure").eq("bookings")
    before = (
        draft.content["target"]
        .filter(company, pl.col("month_start") >= date(2026, 4, 1))["value_cents"]
        .sum()
    )
    assert after["target"].filter(company)["value_cents"].sum() == before - 8 * 100_00


def test_nothing_is_left_to_change_after_the_last_month(facts: Facts) -> None:
    with pytest.raises(LedgerError, match="plan ends on 2026-12-31"):
        rest_of(replace(facts, as_of=date(2026, 12, 5)), date(2026, 12, 31))


def test_the_input_hash_ignores_row_order_and_sees_every_value(
    facts: Facts, forecasts: Forecasts
) -> None:
    plain = input_hash(facts, forecasts)
    shuffled = replace(
        facts, accounts=facts.accounts.reverse(), won=facts.won.reverse()
    )
    assert input_hash(shuffled, forecasts) == plain
    changed = facts.accounts.with_columns(region_id=pl.lit("west"))
    assert input_hash(replace(facts, accounts=changed), forecasts) != plain


def test_the_same_facts_in_any_order_give_the_same_plan(
    facts: Facts, forecasts: Forecasts, draft: PlanDraft
) -> None:
    shuffled = replace(
        facts,
        accounts=facts.accounts.reverse(),
        reps=facts.reps.reverse(),
        won=facts.won.reverse(),
    )
    again = first_plan(shuffled, forecasts, horizon(facts.policy, date(2026, 1, 1)))
    for name, lines in draft.content.items():
        assert again.content[name].equals(lines), name


def test_every_solver_of_the_cycle_leaves_a_verified_proof(
    facts: Facts, forecasts: Forecasts
) -> None:
    wider = facts.policy.model_copy(
        update={
            "coverage": Coverage.model_validate(
                {"tiers": [{"id": "all", "yield_share": 0.1, "cost_in_currency": 1}]}
            ),
            "budget": Budget.model_validate(
                {
                    "year_in_currency": 5_000,
                    "activities": [
                        {
                            "id": "search",
                            "segment_id": "smb",
                            "top_in_currency": 9_000,
                            "scale_in_currency": 2_000,
                        }
                    ],
                }
            ),
        }
    )
    asked = replace(facts, policy=wider)
    content = first_plan(
        asked, forecasts, first_horizon(facts.policy, facts.as_of)
    ).content
    proof = content["proof"]
    assert set(proof["solver"]) == {
        *("allocation", "coverage", "hiring", "territories"),
        *("quotas", "months", "compensation"),
    }
    assert proof["is_verified"].all()
    assert content["coverage"].height == 20
    assert content["allocation"]["spend_cents"].sum() == 5_000_00


def test_a_replan_states_its_least_moves_and_what_has_accrued(
    facts: Facts, forecasts: Forecasts, draft: PlanDraft
) -> None:
    now = replace(
        later(facts, "r1"),
        last_full_month=date(2026, 2, 1),
        rep_months=facts.rep_months.with_columns(
            month_start=pl.col("month_start").dt.offset_by("12mo")
        ),
    )
    plan = rest_of(now, date(2026, 12, 31))
    after = answer(now, forecasts, breach(), draft.content, plan).content
    by_node = {
        (row["solver"], row["node_id"]): row
        for row in after["proof"].iter_rows(named=True)
    }
    assert by_node["territories", "moves"]["bound"] == 0.0  # orphans are no moves
    assert by_node["compensation", "ae:accrued"]["objective"] > 0
    assert after["pay"].equals(draft.content["pay"])


def test_where_nobody_moves_no_search_asks_how_few_could(
    facts: Facts,
    forecasts: Forecasts,
    draft: PlanDraft,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def searched(*_: object, **how: object) -> None:
        pytest.fail(f"none can be fewer than none, yet asked {how}")

    monkeypatch.setattr(territories, "assign_accounts", searched)
    now = later(facts, "r1")
    plan = rest_of(now, date(2026, 12, 31))
    proofs = answer(now, forecasts, breach(), draft.content, plan).content["proof"]
    (moves,) = proofs.filter(pl.col("node_id") == "moves").iter_rows(named=True)
    assert (moves["objective"], moves["bound"], moves["proof"]) == (0.0, 0.0, "optimal")
    assert "moves fewer than 0" in moves["statement"]


def test_two_who_left_at_once_leave_no_quota_behind(
    facts: Facts, forecasts: Forecasts, draft: PlanDraft
) -> None:
    # r1 sold in smb beside r2, r3 in ent beside r4: their accounts go in any answer
    now = later(facts, "r1", "r3")
    plan = rest_of(now, date(2026, 12, 31))
    asked = breach(asks_for=("territories", "quotas"))
    after = answer(now, forecasts, asked, draft.content, plan).content
    before = draft.content["quota"].filter(pl.col("month_start") >= plan.effective_from)
    assert set(after["assignment"]["rep_id"]) == {"r2", "r4"}
    assert set(after["quota"]["rep_id"]) == {"r2", "r4"}
    totals = [
        frame.group_by("segment_id", "month_start").agg(pl.col("quota_cents").sum())
        for frame in (before, after["quota"])
    ]
    by = ["segment_id", "month_start"]
    assert totals[0].sort(by).equals(totals[1].sort(by))
