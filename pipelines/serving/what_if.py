"""Scenarios of a home: which there are, run them, put them side by side."""

import json
import os
from collections.abc import Sequence
from typing import Any

from data_contracts.errors import HomeError
from pipelines.files import write_text
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

Rows = list[dict[str, Any]]


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


def compared(settings: Settings, names: Sequence[str]) -> dict[str, Any]:
    """Return the newest run of each scenario beside the base, with its bridge.

    Returns
    -------
    dict
        ``measures``: one row per measure with ``base`` and each scenario's value;
        ``bridges``: by scenario, one row per driver and measure. Base and drivers sum
        to the scenario, to the cent.

    Raises
    ------
    HomeError
        If a scenario was never run, or two were run on different plans.
    """
    ledger = Ledger(settings.ledger_url)
    newest = {
        plan.scenario: plan for plan in ledger.versions() if plan.scenario != "base"
    }
    chosen = list(names) or sorted(newest)
    kept: dict[str, dict[str, Any]] = {}
    for name in chosen:
        plan = newest.get(name)
        file = settings.inputs / f"{plan.version if plan else 0}.bridge.json"
        if plan is None or not file.is_file():
            raise HomeError(
                f"scenario {name!r} was never run here",
                fix=f"run it: aop scenario run {name} --as YOU",
            )
        kept[name] = json.loads(file.read_text(encoding="utf-8"))
    bases = {json.dumps(each["base"], sort_keys=True) for each in kept.values()}
    if len(bases) > 1:
        raise HomeError(
            "these scenarios depart from different plans: "
            + ", ".join(f"{n} of {newest[n].as_of}" for n in chosen),
            fix="run them again together: aop scenario run",
        )
    base = next(iter(kept.values()))["base"] if kept else {}
    return {
        "versions": {name: newest[name].version for name in chosen},
        "measures": [
            {"measure": measure, "base": value}
            | {name: each["measures"][measure] for name, each in kept.items()}
            for measure, value in base.items()
        ],
        "bridges": {
            name: [
                {"driver": step["driver"], "measure": measure, "change": change}
                for step in each["steps"]
                for measure, change in step["change"].items()
            ]
            for name, each in kept.items()
        },
    }


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
    file = settings.inputs / f"{version.version}.bridge.json"
    write_text(json.dumps(bridge, indent=1) + "\n", file)
    return version
