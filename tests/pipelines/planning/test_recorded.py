"""A version is computed again from what was recorded, and compared."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from data_contracts.errors import HomeError
from pipelines.ledger.content import canonical
from pipelines.ledger.overrides import Ask, Override
from pipelines.ledger.store import Ledger
from pipelines.planning.computing import PlanInputs, compute, inputs_hash
from pipelines.planning.cycle import Content
from pipelines.planning.fingerprint import code_hash
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.recorded import keep_inputs, read_inputs, recompute
from pipelines.planning.targets import first_horizon
from pipelines.settings import Settings

Alter = Callable[[Content], Content]


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path)


@pytest.fixture
def inputs(facts: Facts, forecasts: Forecasts) -> PlanInputs:
    plan = first_horizon(facts.policy, facts.as_of)
    return PlanInputs(facts, forecasts, plan)


def stored(home: Settings, inputs: PlanInputs, alter: Alter | None = None) -> Ledger:
    """Propose what the inputs give, recorded; altered first where asked."""
    ledger = Ledger(home.ledger_url)
    content = compute(inputs).content
    ledger.propose(
        alter(content) if alter else content,
        scenario="base",
        title="",
        as_of=inputs.facts.as_of,
        effective_from=inputs.plan.effective_from,
        effective_to=inputs.plan.effective_to,
        proposed_by="ana",
        why="",
        policy_hash=inputs.facts.policy.digest,
        input_hash=inputs_hash(inputs),
        code_hash=code_hash(),
    )
    keep_inputs(home, 1, inputs)
    return ledger


@pytest.mark.slow
def test_a_version_comes_out_again_byte_for_byte(
    home: Settings, inputs: PlanInputs
) -> None:
    again = recompute(home, stored(home, inputs), 1)
    assert (again.is_same_bytes, again.is_same_meaning) == (True, True)
    assert (again.is_same_code, again.differences) == (True, ())


@pytest.mark.slow
def test_what_is_recorded_is_read_back_whole(
    home: Settings, inputs: PlanInputs
) -> None:
    lines = canonical(compute(inputs).content)
    wish = Override(
        ask=Ask.QUOTA,
        key="r1",
        value="100000",
        reason="agreed",
        version=1,
        until=inputs.plan.effective_to,
    )
    whole = replace(
        inputs,
        overrides=(wish,),
        told={(1, part): lines[part] for part in ("assignment", "quota")},
    )
    keep_inputs(home, 3, whole)
    read = read_inputs(home, 3)
    assert inputs_hash(read) == inputs_hash(whole) != inputs_hash(inputs)
    assert read.overrides == whole.overrides
    assert read.facts.policy == whole.facts.policy
    assert read.plan == whole.plan
    once, twice = compute(whole).content, compute(read).content
    assert all(twice[name].equals(frame) for name, frame in once.items())


def test_the_same_inputs_are_stored_once(home: Settings, inputs: PlanInputs) -> None:
    keep_inputs(home, 1, inputs)
    files = sorted((home.inputs / "frames").iterdir())
    keep_inputs(home, 2, inputs)
    assert sorted((home.inputs / "frames").iterdir()) == files


@pytest.mark.slow
def test_a_cent_is_the_same_plan_and_a_dollar_is_not(
    home: Settings, tmp_path: Path, inputs: PlanInputs
) -> None:
    def by(cents: int) -> Alter:
        first = pl.int_range(pl.len()) == 0

        def alter(content: Content) -> Content:
            raised = pl.col("quota_cents") + pl.when(first).then(cents).otherwise(0)
            return {**content, "quota": content["quota"].with_columns(raised)}

        return alter

    near = recompute(home, stored(home, inputs, by(1)), 1)
    assert (near.is_same_bytes, near.is_same_meaning) == (False, True)
    other = Settings(tmp_path / "other")
    other.home.mkdir()
    far = recompute(other, stored(other, inputs, by(100)), 1)
    assert not far.is_same_meaning
    assert far.differences == ("quota: 1 of 48 lines differ, e.g. r1, 2026-01-01",)


@pytest.mark.slow
def test_a_line_too_many_is_another_plan(home: Settings, inputs: PlanInputs) -> None:
    def drop_one(content: Content) -> Content:
        return {**content, "assignment": content["assignment"].slice(1)}

    told = recompute(home, stored(home, inputs, drop_one), 1).differences
    assert told[0].startswith("assignment: 1 of 20 lines differ, e.g. a00")


@pytest.mark.slow
def test_an_altered_input_is_found(home: Settings, inputs: PlanInputs) -> None:
    ledger = stored(home, inputs)
    frame = next((home.inputs / "frames").iterdir())
    frame.write_bytes(frame.read_bytes() + b" ")
    with pytest.raises(HomeError, match="is gone or was altered"):
        recompute(home, ledger, 1)


@pytest.mark.slow
def test_inputs_of_another_night_are_not_taken_for_these(
    home: Settings, inputs: PlanInputs
) -> None:
    ledger = stored(home, inputs)
    won = inputs.facts.won.slice(1)
    keep_inputs(home, 1, replace(inputs, facts=replace(inputs.facts, won=won)))
    with pytest.raises(HomeError, match="is not what it was made from"):
        recompute(home, ledger, 1)


@pytest.mark.slow
def test_a_policy_of_an_earlier_release_is_held_to_what_was_hashed_then(
    home: Settings, inputs: PlanInputs
) -> None:
    ledger = stored(home, inputs)
    listed = home.inputs / "1.json"
    kept = json.loads(listed.read_text())
    policy = json.loads(kept["facts"]["policy"]["policy"])
    policy["quotas"]["rounding_in_currency"] = 7
    kept["facts"]["policy"]["policy"] = json.dumps(policy)
    listed.write_text(json.dumps(kept))
    with pytest.raises(HomeError, match="the recorded policy of plan version 1"):
        recompute(home, ledger, 1)


def test_a_version_without_a_record_says_so(home: Settings, inputs: PlanInputs) -> None:
    with pytest.raises(HomeError, match="version 9 was computed from is not recorded"):
        read_inputs(home, 9)
