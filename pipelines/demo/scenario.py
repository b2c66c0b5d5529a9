"""What happens to the demo company and how dirty its extracts are: one YAML file."""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import yaml

from data_contracts.calendar import add_months
from data_contracts.errors import PolicyError
from pipelines.demo.months import NEVER, day_number
from pipelines.demo.sizes import DemoDates, Size


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that may happen, and how much of it."""

    is_on: bool = False
    month: int = 3  # months after the plan year starts; negative is before
    strength: float = 0.2  # a share; what it is a share of depends on the event

    def day(self, dates: DemoDates) -> int:
        """Return the day number it begins on; never when it is switched off."""
        if not self.is_on:
            return NEVER
        return day_number(add_months(dates.plan_year_start, self.month))


@dataclass(frozen=True, slots=True)
class Events:
    """Everything the story can hold; `strength` is explained beside each."""

    leavers: Event = Event(is_on=True, strength=0.25)  # of sellers a year, all along
    good_rep_leaves: Event = Event(is_on=True)  # the named date; no strength
    launch_slips: Event = Event(is_on=True)  # the named date; no strength
    top_rep_leaves: Event = Event(month=5)  # best bookings of a year; no strength
    team_leaves: Event = Event(month=6, strength=0.8)  # of one manager's sellers
    competitor_enters: Event = Event(month=2, strength=0.3)  # of wins lost, 2nd region
    price_rises: Event = Event(month=1, strength=0.10)  # of list price, on new deals
    demand_falls: Event = Event(month=4, strength=0.25)  # of new deals, for six months
    demand_rises: Event = Event(month=4, strength=0.25)  # of new deals, for six months
    reorganisation: Event = Event(month=3, strength=0.4)  # of accounts change seat
    crm_migration: Event = Event(month=-14)  # older history is cut; no strength
    resegmentation: Event = Event(month=0, strength=1.0)  # higher mid-market bound


@dataclass(frozen=True, slots=True)
class Dirt:
    """How often an extract is wrong; every rate is a share of rows and may be 0."""

    duplicate_account_share: float = 0.0  # C: duplicates quoted 14 to 30 %
    blank_industry_share: float = 0.0  # C: Verum, fill target 85 %
    blank_employees_share: float = 0.0  # C: Verum, fill target 80 %
    variant_spelling_share: float = 0.0  # of industries; assumption
    null_amount_share: float = 0.0  # of open deals; assumption
    zero_amount_share: float = 0.0  # of deals; assumption
    outlier_amount_share: float = 0.0  # of open deals, a thousand times too large
    local_time_share: float = 0.0  # of deals, created in local time called UTC
    orphan_owner_share: float = 0.0  # of accounts; C: 1 to 2 %
    late_edit_share: float = 0.0  # of closed deals, amended weeks later; assumption
    backdated_stage_share: float = 0.0  # of stage rows, out of time order; assumption
    missing_crosswalk_share: float = 0.0  # of CRM users without employee number
    two_accounts_share: float = 0.0  # of billing customers that fit a duplicate
    past_close_date_share: float = 0.0  # of deals whose close date nobody ever moves
    left_owner_share: float = 0.0  # of a leaver's accounts and deals stay with them
    offset_time_share: float = 0.0  # of CRM times written with the seller's offset


REAL_DIRT: Final = Dirt(
    duplicate_account_share=0.08,
    blank_industry_share=0.17,
    blank_employees_share=0.18,
    variant_spelling_share=0.10,
    null_amount_share=0.04,
    zero_amount_share=0.01,
    outlier_amount_share=0.002,
    local_time_share=0.02,
    orphan_owner_share=0.015,
    late_edit_share=0.02,
    backdated_stage_share=0.01,
    missing_crosswalk_share=0.05,
    two_accounts_share=0.02,
    past_close_date_share=0.05,
    left_owner_share=0.8,
    offset_time_share=0.05,
)
CLEAN: Final = Dirt()
# calm companies are clean but for what their story is about: a leaver's book waits
CALM_DIRT: Final = Dirt(past_close_date_share=0.05, left_owner_share=1.0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens, how dirty it is, and which systems the company has."""

    events: Events = field(default_factory=Events)
    dirt: Dirt = CLEAN
    is_multi_currency: bool = False  # deals in the customer's currency, dated rates
    has_splits: bool = False  # credit shared with a colleague or a specialist
    has_credit_notes: bool = False  # some invoices are credited back
    has_requisitions: bool = False  # HR delivers what was opened and when filled
    has_account_territories: bool = False  # the CRM keeps which territory, since when
    has_finance: bool = False  # the ledger's actuals and budget by month

    def checked(self) -> "Scenario":
        """Return itself, or say which value is impossible.

        Raises
        ------
        PolicyError
            If a share is outside 0 to 1.
        """
        shares = {part.name: getattr(self.dirt, part.name) for part in fields(Dirt)}
        for part in fields(Events):
            shares[part.name] = getattr(self.events, part.name).strength
        for name, value in shares.items():
            if not 0 <= value <= 1:
                raise PolicyError(
                    f"demo scenario: {name} is {value}, not a share",
                    fix=f"give {name} a number from 0 to 1",
                )
        return self


def usual_scenario(size: Size) -> Scenario:
    """Return what a size does by itself: calm sizes are clean, the others are not."""
    return Scenario(
        dirt=CALM_DIRT if size.is_calm else REAL_DIRT,
        is_multi_currency=not size.is_calm,
        has_splits=not size.is_calm,
        has_credit_notes=not size.is_calm,
        has_requisitions=True,
        has_account_territories=True,
        has_finance=True,
    )


def load_scenario(path: Path, size: Size) -> Scenario:
    """Read a scenario file over what the size does by itself.

    Parameters
    ----------
    path : Path
        YAML with any of ``events`` (name to ``is_on``, ``month``, ``strength``),
        ``dirt`` (name to share) and the switches of `Scenario`.
    size : Size
        Gives every value the file leaves out.

    Returns
    -------
    Scenario
        Checked.

    Raises
    ------
    PolicyError
        If the file cannot be read, or a key or value is not known.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PolicyError(
            f"demo scenario {path} cannot be read: {error}",
            fix="see docs/methods/demo_company.md for an example",
        ) from error
    usual = usual_scenario(size)
    values = _known(tree or {}, Scenario, "the scenario")
    events = _known(values.pop("events", None) or {}, Events, "events")
    happening = {
        name: replace(
            getattr(usual.events, name), **_known(value or {}, Event, f"events.{name}")
        )
        for name, value in events.items()
    }
    dirt = _known(values.pop("dirt", None) or {}, Dirt, "dirt")
    return replace(
        usual,
        events=replace(usual.events, **happening),
        dirt=replace(usual.dirt, **dirt),
        **values,
    ).checked()


def _known(tree: Any, kind: type[Any], where: str) -> dict[str, Any]:
    """Return a mapping whose keys and value types a dataclass has."""
    types = {part.name: part.type for part in fields(kind)}
    if not isinstance(tree, dict):
        raise PolicyError(
            f"demo scenario: {where} is {tree!r}, not a mapping",
            fix=f"give {where} keys out of {', '.join(types)}",
        )
    for name, value in tree.items():
        if name not in types:
            raise PolicyError(
                f"demo scenario: {where} has no key {name!r}",
                fix=f"use {', '.join(types)}",
            )
        wanted = types[name]
        if wanted is bool:
            is_right = isinstance(value, bool)
        elif wanted in (int, float):
            allowed = int if wanted is int else (int, float)
            is_right = isinstance(value, allowed) and not isinstance(value, bool)
        else:
            is_right = value is None or isinstance(value, dict)
        if not is_right:
            raise PolicyError(
                f"demo scenario: {where}.{name} is {value!r}",
                fix=f"give it a {getattr(wanted, '__name__', 'mapping')}",
            )
    return dict(tree)
