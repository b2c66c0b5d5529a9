"""Scenarios: what-if plans beside the base, and what each driver changes."""

from functools import partial
from typing import Any

from data_contracts.errors import AopError
from pipelines.serving.reading import Rows
from pipelines.serving.scenario_bridges import compared, newest_runs
from pipelines.serving.web.desk import Desk, NotThereError
from pipelines.serving.web.scope import is_pay
from pipelines.serving.web.sections import Page, drawn, rows_of


def scenarios(desk: Desk, page: Page) -> None:
    """Fill the page: the newest run of each scenario."""
    page.scope.require_whole("the scenarios page")
    if not page.scope.visitor.sees_proposals:
        raise NotThereError("scenarios are for who reviews plans", fix="open /reps")
    page.title = "Scenarios"
    page.lead = "Plans under other assumptions, each beside the base it departs from"
    runs = newest_runs(desk.settings, desk.ledger)
    for names in _comparable(desk, list(runs)):
        found = compared(desk.settings, desk.ledger, names)
        _side_by_side(page, names, found)
        for name in names:
            _bridge(page, name, found, runs[name].why)
    if not runs:
        page.show(
            "side_by_side",
            "Side by side",
            list,
            columns=["measure", "base_cents"],
            caption="",
            empty="No scenario was run yet: write scenarios/NAME.yaml in the home, "
            "then aop scenario run",
        )


def _comparable(desk: Desk, names: list[str]) -> list[list[str]]:
    """Group scenarios by the plan they depart from; each group is one table."""
    groups: list[list[str]] = []
    for name in names:
        for group in groups:
            try:
                compared(desk.settings, desk.ledger, [*group, name])
            except AopError:
                continue
            group.append(name)
            break
        else:
            groups.append([name])
    return groups


def _side_by_side(page: Page, names: list[str], found: dict[str, Any]) -> None:
    told = ", ".join(f"{name}: version {found['versions'][name]}" for name in names)
    shown = " and ".join(names)
    for unit, title in (("cents", "money"), ("count", "people and accounts")):
        columns = ["measure", *(f"{name}_{unit}" for name in ("base", *names))]
        page.show(
            f"side_by_side_{names[0]}_{unit}",
            f"Side by side: {shown}, {title}",
            partial(_measures, page, names, found, unit),
            columns=columns,
            caption=f"What each plan comes to over its months; {told}",
            empty="There is nothing of this kind to compare.",
        )


def _measures(page: Page, names: list[str], found: dict[str, Any], unit: str) -> Rows:
    return [
        {"measure": _worded(row["measure"])}
        | {f"{name}_{unit}": row[name] for name in ("base", *names)}
        for row in found["measures"]
        if row["measure"].endswith(f"_{unit}") and _is_shown(page, row["measure"])
    ]


def _bridge(page: Page, name: str, found: dict[str, Any], why: str) -> None:
    version = found["versions"][name]
    changed = {
        row["measure"]: row
        for row in found["measures"]
        if row["measure"].endswith("_cents")
        and _is_shown(page, row["measure"])
        and row[name] != row["base"]
    }
    most = max(
        changed,
        key=lambda measure: abs(changed[measure][name] - changed[measure]["base"]),
        default="target_cents",
    )

    def rows() -> Rows:
        lines: Rows = []
        for measure, row in changed.items():
            steps = [s for s in found["bridges"][name] if s["measure"] == measure]
            word = _worded(measure)
            lines.append(_line(word, "base", row["base"], row["base"]))
            after = row["base"]
            for step in steps:
                after += step["change"]
                if step["change"]:
                    lines.append(_line(word, step["driver"], step["change"], after))
            lines.append(_line(word, name, row[name], row[name]))
        return lines

    page.show(
        f"bridge_{name}",
        f"From base to {name}",
        rows,
        columns=["measure", "driver", "step_cents", "after_cents"],
        caption=f"{why}; base and steps sum to the scenario, version {version}",
        empty="The scenario changes no sum of money.",
        source=rows_of("plan.fct_scenario_bridge", plan_version=version)
        if page.snapshot.has("plan.fct_scenario_bridge")
        else None,
        plan_version=version,
        drawing=drawn(
            "steps",
            f"How each driver moves the {_worded(most)} from base to {name}",
            measure=_worded(most),
        ),
    )


def _line(measure: str, driver: str, step: int, after: int) -> dict[str, Any]:
    return {
        "measure": measure,
        "driver": driver,
        "step_cents": step,
        "after_cents": after,
    }


def _worded(measure: str) -> str:
    for unit in ("_cents", "_count"):
        measure = measure.removesuffix(unit)
    return measure.replace("_", " ")


def _is_shown(page: Page, measure: str) -> bool:
    return page.scope.visitor.sees_pay or not is_pay(measure)
