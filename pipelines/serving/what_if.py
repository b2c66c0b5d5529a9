"""Scenarios of a home: which there are, and run them."""

import json
import os
from collections.abc import Sequence

from data_contracts.errors import HomeError
from pipelines.files import write_text
from pipelines.ledger.bridges import scenario_bridge_file
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.store import Ledger
from pipelines.planning.computing import PlanInputs, inputs_hash, with_overrides
from pipelines.planning.fingerprint import code_hash
from pipelines.planning.forecast import read_forecasts
from pipelines.planning.inputs import read_facts
from pipelines.planning.recorded import keep_inputs
from pipelines.planning.scenario_runs import ScenarioRun, run_scenarios
from pipelines.planning.scenarios import Scenario, load_scenario
from pipelines.planning.targets import first_horizon
from pipelines.settings import Settings


def scenarios_of(settings: Settings, names: Sequence[str] = ()) -> list[Scenario]:
    """Return the scenarios of a home, by name; all of them where none is named.

    Raises
    ------
    HomeError
        If a name has no file.
    """
    known = {path.stem: path for path in sorted(settings.scenarios.glob("*.yaml"))}
    for name in names:
        if name not in known:
            raise HomeError(
                f"there is no scenario {name!r} in {settings.scenarios}",
                fix=f"write {settings.scenarios / name}.yaml; "
                f"there are {', '.join(known) or 'none'}",
            )
    return [load_scenario(known[name]) for name in (names or known)]


def run(
    settings: Settings, names: Sequence[str], actor: str, *, workers: int | None = None
) -> list[PlanVersion]:
    """Plan scenarios from the last night and store each as a draft version.

    Returns
    -------
    list of PlanVersion
        One per scenario, state ``draft``, in the order of the names.
    """
    scenarios = scenarios_of(settings, names)
    ledger = Ledger(settings.ledger_url)
    facts = read_facts(settings)
    plan = first_horizon(facts.policy, facts.as_of)
    base = with_overrides(ledger, PlanInputs(facts, read_forecasts(settings), plan))
    runs = run_scenarios(base, scenarios, workers=workers or os.cpu_count() or 1)
    return [_stored(settings, ledger, each, actor) for each in runs]


def _stored(
    settings: Settings, ledger: Ledger, made: ScenarioRun, actor: str
) -> PlanVersion:
    facts, plan, scenario = made.inputs.facts, made.inputs.plan, made.scenario
    in_force = ledger.in_force(plan.effective_from)
    version = ledger.propose(
        made.draft.content,
        scenario=scenario.name,
        title=f"what if: {scenario.name}",
        as_of=facts.as_of,
        effective_from=plan.effective_from,
        effective_to=plan.effective_to,
        proposed_by=actor,
        why="; ".join([scenario.why, *made.draft.notes]),
        parent_version=in_force.version if in_force else None,
        scope="company",
        policy_hash=facts.policy.digest,
        input_hash=inputs_hash(made.inputs),
        code_hash=code_hash(),
        territory_gap_share=made.draft.territory_gap_share,
        territory_proof=made.draft.territory_proof,
        approval=facts.policy.approval,
        is_draft=True,
    )
    keep_inputs(settings, version.version, made.inputs)
    bridge = {
        "base": made.base,
        "measures": made.measures,
        "steps": [{"driver": s.driver, "change": s.change} for s in made.steps],
    }
    file = scenario_bridge_file(settings, version.version)
    write_text(json.dumps(bridge, indent=1) + "\n", file)
    return version
