"""From a breach to a proposal, or to the reason why there is none, on a real ledger."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from data_contracts.policy import CompanyPolicy, load_policy
from data_contracts.replanning import Verdict
from pipelines.files import write_text
from pipelines.ledger.store import Ledger
from pipelines.planning import proposal
from pipelines.planning.decisions import read_decisions
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.settings import Settings
from tests.pipelines.planning.conftest import LEFT

pytestmark = pytest.mark.slow  # each plans a small company twice


class World:
    """A home whose year is planned and published; r1 has left since."""

    def __init__(self, settings: Settings, facts: Facts, forecasts: Forecasts) -> None:
        self.settings, self.facts, self.forecasts = settings, facts, forecasts
        self.ledger = Ledger(
            settings.ledger_url, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC)
        )

    def night(self, as_of: date, **decided: object) -> None:
        """Begin a night by the policy as it is then, with some of it changed."""
        told = self.facts.policy.model_dump(mode="json")
        for section, values in decided.items():
            told[section] |= values
        write_text(yaml.safe_dump(told), self.settings.reference / "policy.yaml")
        self.facts = replace(self.facts, as_of=as_of)


@pytest.fixture
def world(
    tmp_path: Path,
    facts: Facts,
    forecasts: Forecasts,
    policy: CompanyPolicy,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    settings = Settings(tmp_path)
    write_text(yaml.safe_dump(policy.model_dump(mode="json")), settings.policy_file)
    made = World(settings, facts, forecasts)
    monkeypatch.setattr(proposal, "read_facts", lambda _: made.facts)
    monkeypatch.setattr(proposal, "read_forecasts", lambda _: made.forecasts)
    monkeypatch.setattr(proposal.replan, "all_breaches", lambda _: [LEFT])
    made.night(facts.as_of)
    first = proposal.propose_if_due(settings)
    assert first is not None
    made.ledger.approve(first.version, "ana@example.com")
    made.ledger.publish(first.version, "ana@example.com")
    gone = facts.reps.with_columns(
        is_active=pl.col("is_active") & (pl.col("rep_id") != "r1")
    )
    made.facts = replace(facts, reps=gone)
    return made


def ask(world: World) -> int | None:
    made = proposal.propose_if_due(world.settings, breach_key=LEFT.key)
    return made.version if made else None


def test_one_breach_has_one_proposal_however_often_it_is_asked(world: World) -> None:
    world.night(date(2026, 3, 10))
    assert [ask(world), ask(world), ask(world)] == [2, None, None]
    (made,) = read_decisions(world.settings)
    assert made.verdict is Verdict.WORTH
    # five accounts of 1,200.00 for nine months, half of it lost while nobody serves
    assert made.gain_cents == 2_250_00
    assert "worth re-planning: gain 2,250.00" in world.ledger.get(2).why


def test_below_break_even_nothing_is_proposed_and_the_sum_is_kept(
    world: World,
) -> None:
    world.night(date(2026, 3, 10), replanning={"proposal_in_currency": 2000})
    assert ask(world) is None
    assert [each.version for each in world.ledger.versions()] == [1]
    (made,) = read_decisions(world.settings)
    assert made.verdict is Verdict.NOT_WORTH
    assert (made.gain_cents, made.cost_cents) == (2_250_00, 2_500_00)
    assert made.why.startswith("not worth re-planning: gain 2,250.00 (accounts served")


def test_a_person_may_insist_on_what_is_not_worth_it(world: World) -> None:
    world.night(date(2026, 3, 10), replanning={"proposal_in_currency": 2000})
    made = proposal.propose_if_due(
        world.settings, breach_key=LEFT.key, actor="bo@example.com"
    )
    assert made is not None
    assert "not worth re-planning" in made.why


@pytest.mark.parametrize("actor", [proposal.SYSTEM, "bo@example.com"])
def test_in_a_freeze_nobody_gets_a_replan(world: World, actor: str) -> None:
    window = {
        "starts_on": date(2026, 3, 9),
        "ends_on": date(2026, 3, 20),
        "why": "quarter end",
    }
    world.night(date(2026, 3, 10), negotiation={"freeze_windows": [window]})
    made = proposal.propose_if_due(world.settings, breach_key=LEFT.key, actor=actor)
    assert made is None
    (held,) = read_decisions(world.settings)
    assert (held.verdict, held.reconsider_on) == (Verdict.FROZEN, date(2026, 3, 21))
    world.night(date(2026, 3, 21), negotiation={"freeze_windows": [window]})
    assert ask(world) == 2


def test_a_proposal_rejected_twice_is_asked_no_more(world: World) -> None:
    nights = [date(2026, 3, 10), date(2026, 3, 20), date(2026, 4, 7), date(2026, 6, 30)]
    made = []
    for night in nights:
        world.night(night)
        made.append(ask(world))
        if made[-1] is not None:
            world.ledger.reject(made[-1], "ana@example.com", "not now")
    assert made == [2, None, 3, None]
    verdicts = [each.verdict for each in read_decisions(world.settings)]
    assert verdicts == [Verdict.WORTH, Verdict.REFUSED, Verdict.WORTH, Verdict.REFUSED]
    assert world.ledger.get(3).state is PlanState.REJECTED


def test_a_night_plans_by_the_policy_it_began_with(world: World) -> None:
    world.night(date(2026, 3, 10))
    text = world.settings.policy_file.read_text(encoding="utf-8")
    edited = text.replace("proposal_in_currency: 1000.0", "proposal_in_currency: 99999")
    assert edited != text
    write_text(edited, world.settings.policy_file)
    assert ask(world) == 2
    begun = load_policy(world.settings.reference / "policy.yaml")
    assert world.ledger.get(2).policy_hash == begun.digest
    assert load_policy(world.settings.policy_file).digest != begun.digest


def test_a_killed_night_decides_the_same_when_it_is_run_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.night(date(2026, 3, 10))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(proposal, "_store", killed)
        with pytest.raises(KeyboardInterrupt):
            ask(world)
    decided = read_decisions(world.settings)
    assert ask(world) == 2
    assert read_decisions(world.settings) == decided


def test_a_breach_that_passed_is_no_breach_to_answer(world: World) -> None:
    with pytest.raises(LedgerError, match="knows no breach"):
        proposal.propose_if_due(world.settings, breach_key="rep_left:r9:2026-03-10")
