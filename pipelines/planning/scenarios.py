"""What-if overlays: a YAML file that changes the policy and lets things happen.

A scenario is a plan from the same night's facts under other decisions or events; it is
stored as a draft version and never published by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from data_contracts.calendar import add_months
from data_contracts.errors import PolicyError
from data_contracts.faults import faults_of
from data_contracts.policy import CompanyPolicy
from data_contracts.yaml_lines import repeated_keys
from pipelines.planning.computing import PlanInputs
from pipelines.planning.inputs import Facts
from pipelines.planning.people import planned_reps

Change = Annotated[float, Field(gt=-1, le=10)]


class Events(BaseModel):
    """Things that happen, each in its unit; zero and empty change nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attrition_change_per_year_share: Annotated[float, Field(ge=-1, le=1)] = 0
    hire_delay_months: Annotated[int, Field(ge=-12, le=12)] = 0
    launch_slip_months: dict[str, Annotated[int, Field(ge=-24, le=24)]] = {}
    price_change_share: Change = 0
    product_price_change_share: dict[str, Change] = {}
    demand_change_share: Change = 0
    budget_change_share: Change = 0
    is_territory_frozen: bool = False


class Scenario(BaseModel):
    """One what-if: a name, a reason, changed decisions and things that happen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    policy: dict[str, Any] = {}
    events: Events = Events()


@dataclass(frozen=True, slots=True)
class Driver:
    """One thing a scenario changes, by itself."""

    name: str
    apply: Callable[[PlanInputs], PlanInputs]


def load_scenario(path: Path) -> Scenario:
    """Read and check one scenario file.

    Raises
    ------
    PolicyError
        If it cannot be read, is no YAML, or breaks a rule; the message names each.
    """
    try:
        text = path.read_text(encoding="utf-8")
        twice = repeated_keys(yaml.compose(text, Loader=yaml.SafeLoader))
        found = Scenario.model_validate(yaml.safe_load(text))
    except OSError as error:
        raise PolicyError(
            f"scenario {path} cannot be read: {error.strerror}",
            fix="see those there are: aop scenario list",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PolicyError(
            f"scenario {path} is not YAML: {error}", fix=f"mend {path.name} there"
        ) from error
    except ValidationError as error:
        raise PolicyError(
            f"scenario {path} breaks its rules:\n  "
            + "\n  ".join(faults_of(error, "the scenario")),
            fix=f"mend {path.name} and run the command again",
        ) from error
    if twice:
        raise PolicyError(
            f"scenario {path} says {twice[0][1]!r} twice, again in line {twice[0][0]}",
            fix="keep one of them; the other would be ignored",
        )
    if found.name in ("base", "") or found.name != path.stem:
        raise PolicyError(
            f"scenario {path} calls itself {found.name!r}",
            fix=f"name it {path.stem}, as its file; base is the plan itself",
        )
    return found


def drivers_of(scenario: Scenario, base: CompanyPolicy) -> list[Driver]:
    """Return what a scenario changes, one driver after another, in a fixed order.

    Raises
    ------
    PolicyError
        If the changed policy breaks a rule, or an event names what does not exist.
    """
    drivers = [
        Driver(f"policy.{part}", _decided(part, values))
        for part, values in sorted(scenario.policy.items())
    ]
    events = scenario.events
    happens: list[tuple[str, bool, Callable[[PlanInputs], PlanInputs]]] = [
        (
            "attrition",
            events.attrition_change_per_year_share != 0,
            lambda i: _attrition(i, events.attrition_change_per_year_share),
        ),
        (
            "hire delay",
            events.hire_delay_months != 0,
            lambda i: _hire_delay(i, events.hire_delay_months),
        ),
        (
            "launch slip",
            bool(events.launch_slip_months),
            lambda i: _launches(i, events.launch_slip_months),
        ),
        (
            "price",
            events.price_change_share != 0,
            lambda i: _scaled(i, 1 + events.price_change_share),
        ),
        (
            "product price",
            bool(events.product_price_change_share),
            lambda i: _product_prices(i, events.product_price_change_share),
        ),
        (
            "demand",
            events.demand_change_share != 0,
            lambda i: _scaled(i, 1 + events.demand_change_share),
        ),
        (
            "budget",
            events.budget_change_share != 0,
            lambda i: _budget(i, 1 + events.budget_change_share),
        ),
        ("territory freeze", events.is_territory_frozen, _frozen),
    ]
    drivers += [Driver(name, apply) for name, is_there, apply in happens if is_there]
    known = {launch.id for launch in base.launches}
    for launch in events.launch_slip_months:
        if launch not in known:
            raise PolicyError(
                f"scenario {scenario.name} lets launch {launch!r} slip, but the policy "
                f"has only {', '.join(sorted(known)) or 'none'}",
                fix="name a launch of policy.yaml, or leave it out",
            )
    return drivers


def _product_prices(inputs: PlanInputs, changes: Mapping[str, float]) -> PlanInputs:
    """Change the prices that targets of products count on."""
    products = inputs.facts.policy.targets.products
    known = {one.product_id for one in products}
    for product in sorted(changes.keys() - known):
        raise PolicyError(
            f"a scenario changes the price of product {product!r}, but "
            f"targets.products has only {', '.join(sorted(known)) or 'none'}",
            fix="name a product of policy.yaml or of the scenario's policy.targets",
        )
    dearer = tuple(
        one.model_copy(
            update={
                "price_change_share": (1 + one.price_change_share)
                * (1 + changes.get(one.product_id, 0.0))
                - 1
            }
        )
        for one in products
    )
    return _with_part(inputs, "targets", products=dearer)


def merged(old: Any, new: Any) -> Any:
    """Lay one tree of values over another; lists and single values are replaced.

    Examples
    --------
    >>> merged({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 9}, "d": [2]})
    {'a': {'b': 9, 'c': 2}, 'd': [2]}
    """
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return new
    both = {**old, **new}
    return {
        key: merged(old[key], new[key]) if key in old and key in new else value
        for key, value in both.items()
    }


def _decided(part: str, values: Any) -> Callable[[PlanInputs], PlanInputs]:
    def apply(inputs: PlanInputs) -> PlanInputs:
        whole = inputs.facts.policy.model_dump(mode="json")
        try:
            policy = CompanyPolicy.model_validate(merged(whole, {part: values}))
        except ValidationError as error:
            raise PolicyError(
                f"the scenario's policy.{part} breaks a rule:\n  "
                + "\n  ".join(faults_of(error, "the policy")),
                fix="mend the scenario's file",
            ) from error
        return _with_policy(inputs, policy)

    return apply


def _with_policy(inputs: PlanInputs, policy: CompanyPolicy) -> PlanInputs:
    return replace(inputs, facts=replace(inputs.facts, policy=policy))


def _with_part(inputs: PlanInputs, part: str, **values: Any) -> PlanInputs:
    policy = inputs.facts.policy
    changed = getattr(policy, part).model_copy(update=values)
    return _with_policy(inputs, policy.model_copy(update={part: changed}))


def _attrition(inputs: PlanInputs, points: float) -> PlanInputs:
    """Add points to the yearly rate of leavers, in every band of tenure."""
    hazard = pl.col("monthly_hazard_share")
    yearly = (1 - (1 - hazard) ** 12 + points).clip(0, 0.99)
    attrition = inputs.forecasts.attrition.with_columns(
        (1 - (1 - yearly) ** (1 / 12)).alias("monthly_hazard_share")
    )
    prior = inputs.facts.policy.capacity.prior_attrition_per_year_share
    moved = _with_part(
        inputs,
        "capacity",
        prior_attrition_per_year_share=min(max(prior + points, 0.0), 0.99),
    )
    return replace(moved, forecasts=replace(moved.forecasts, attrition=attrition))


def _hire_delay(inputs: PlanInputs, months: int) -> PlanInputs:
    lead = inputs.facts.policy.capacity.hire_lead_time_months
    later = min(max(lead + months, 0), 12)
    return _with_part(inputs, "capacity", hire_lead_time_months=later)


def _launches(inputs: PlanInputs, slips: Mapping[str, int]) -> PlanInputs:
    policy = inputs.facts.policy
    launches = tuple(
        launch.model_copy(
            update={"planned_on": _later(launch.planned_on, slips.get(launch.id, 0))}
        )
        for launch in policy.launches
    )
    return _with_policy(inputs, policy.model_copy(update={"launches": launches}))


def _later(day: date, months: int) -> date:
    return add_months(day, months) if months else day


def _scaled(inputs: PlanInputs, factor: float) -> PlanInputs:
    """Scale what reps bring and accounts may spend; the targets stay what was asked."""
    forecasts = inputs.forecasts

    def times(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
        there = [name for name in columns if name in frame.columns]
        return frame.with_columns(
            (pl.col(name) * factor).round().cast(pl.Int64) for name in there
        )

    band = ("p10_cents", "p50_cents", "p90_cents")
    return replace(
        inputs,
        forecasts=replace(
            forecasts,
            productivity=times(forecasts.productivity, "ramped_month_cents", *band),
            potential=times(forecasts.potential, "potential_cents", *band),
            bookings=times(forecasts.bookings, *band),
        ),
    )


def _budget(inputs: PlanInputs, factor: float) -> PlanInputs:
    year = inputs.facts.policy.budget.year_in_currency
    return _with_part(inputs, "budget", year_in_currency=year * factor)


def _frozen(inputs: PlanInputs) -> PlanInputs:
    """Let every account that has an owner on the roster keep them."""
    facts: Facts = inputs.facts
    here = planned_reps(facts, starts_on=inputs.plan.effective_from)["rep_id"]
    owned = facts.accounts.filter(pl.col("owner_rep_id").is_in(here.to_list()))
    named = dict(owned.select("account_id", "owner_rep_id").iter_rows())
    kept = {**named, **facts.policy.territories.named_accounts}
    return _with_part(inputs, "territories", named_accounts=kept)
