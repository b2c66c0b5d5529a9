"""Any step of a plan may go on as an earlier version answered it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data_contracts.errors import PolicyError
from data_contracts.policy import CompanyPolicy
from pipelines.ledger.content import canonical, content_hash
from pipelines.planning.bridges import quota_bridges
from pipelines.planning.computing import PlanInputs, compute, inputs_hash
from pipelines.planning.cycle import Content
from pipelines.planning.inputs import Facts
from pipelines.planning.keeping import STEPS, holding
from pipelines.planning.people import Forecasts
from pipelines.planning.recorded import keep_inputs, read_inputs
from pipelines.planning.targets import first_horizon
from pipelines.settings import Settings

HELD = {
    "targets": ("target",),
    "people": ("capacity", "hire", "compensation"),
    "quotas": ("quota",),
    "programme": ("coverage", "allocation", "pay"),
}


@pytest.fixture
def before(facts: Facts, forecasts: Forecasts) -> Content:
    """The version whose steps are kept."""
    plan = first_horizon(facts.policy, facts.as_of)
    return canonical(compute(PlanInputs(facts, forecasts, plan)).content)


def later(facts: Facts) -> Facts:
    """Return the facts after every step was decided anew, and an account came."""
    values = facts.policy.model_dump()
    values["targets"]["growth_share"] = 0.5
    values["capacity"]["attainment_share"] = 0.8
    values["quotas"]["over_assignment_share"] = {"rep": 0.3}
    values["territories"]["balance_tolerance_share"] = 0.05
    values["pay"]["market_deviation"] = 0.4
    values["roles"][0]["ote_in_currency"] = 200_000
    new = facts.accounts.tail(1).with_columns(
        account_id=pl.lit("a99"), owner_rep_id=pl.lit(None, pl.String)
    )
    return replace(
        facts,
        policy=CompanyPolicy.model_validate(values),
        accounts=pl.concat([facts.accounts, new]),
    )


def planned(
    facts: Facts, forecasts: Forecasts, before: Content, kept: Sequence[str]
) -> tuple[PlanInputs, Content]:
    plan = first_horizon(facts.policy, facts.as_of)
    inputs = PlanInputs(facts, forecasts, plan, parent=before, kept=tuple(kept))
    return inputs, canonical(compute(inputs).content)


def cells(content: Content) -> pl.DataFrame:
    return content["target"].filter(
        pl.col("node_level") == "cell", pl.col("measure") == "bookings"
    )


@pytest.mark.slow
@pytest.mark.parametrize("step", sorted(HELD))
def test_a_kept_step_has_the_lines_it_had_and_the_others_change(
    facts: Facts, forecasts: Forecasts, before: Content, step: str
) -> None:
    _, content = planned(later(facts), forecasts, before, [step])
    for other, names in HELD.items():
        for name in names:
            was, now = before[name], content[name]
            if other == "targets":
                was, now = (cells(each).drop("reason") for each in (before, content))
            if was.is_empty() and now.is_empty():
                continue
            assert was.equals(now) is (other == step), (step, name)


@pytest.mark.slow
def test_kept_territories_leave_owners_and_place_what_is_new(
    facts: Facts, forecasts: Forecasts, before: Content
) -> None:
    _, content = planned(later(facts), forecasts, before, ["territories"])
    owners = dict(content["assignment"].select("account_id", "rep_id").iter_rows())
    was = dict(before["assignment"].select("account_id", "rep_id").iter_rows())
    assert {account: owners[account] for account in was} == was
    assert owners["a99"] in {"r3", "r4"}


@pytest.mark.slow
def test_with_every_step_kept_only_the_new_account_differs(
    facts: Facts, forecasts: Forecasts, before: Content
) -> None:
    inputs, content = planned(later(facts), forecasts, before, STEPS)
    for name in ("capacity", "hire", "compensation", "quota", "pay"):
        assert content[name].equals(before[name]), name
    bridge = quota_bridges(inputs, content)
    assert bridge["cents"].sum() == before["quota"]["quota_cents"].sum()
    assert set(bridge.filter(pl.col("cents") != 0)["step"]) == {"carried_over"}
    assert inputs_hash(inputs) != inputs_hash(replace(inputs, kept=()))


@pytest.mark.slow
def test_what_was_kept_is_recorded_and_computed_again(
    facts: Facts, forecasts: Forecasts, before: Content, tmp_path: Path
) -> None:
    home = Settings(tmp_path)
    inputs, content = planned(later(facts), forecasts, before, ["quotas", "people"])
    keep_inputs(home, 5, inputs)
    again = read_inputs(home, 5)
    assert again.kept == ("quotas", "people")
    assert content_hash(canonical(compute(again).content)) == content_hash(content)


def test_what_cannot_be_kept_is_refused(facts: Facts, forecasts: Forecasts) -> None:
    short = canonical({})
    with pytest.raises(PolicyError, match="no step 'weather'"):
        planned(facts, forecasts, short, ["weather"])
    with pytest.raises(PolicyError, match="none for January 2026"):
        planned(facts, forecasts, short, ["quotas"])


def test_a_rep_who_left_keeps_no_account(facts: Facts) -> None:
    plan = first_horizon(facts.policy, facts.as_of)
    version = {
        "assignment": pl.DataFrame(
            {
                "account_id": ["a00", "a01"],
                "rep_id": ["gone", "r2"],
                "valid_from": [date(2026, 1, 1)] * 2,
            }
        )
    }
    held = holding(facts, ["territories"], version, plan)
    assert held.policy.territories.named_accounts == {"a01": "r2"}
    assert holding(facts, [], version, plan) is facts
