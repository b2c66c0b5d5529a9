"""What the business decided: one YAML file, read into checked, typed values.

Not for where things are; that is ``pipelines.settings``.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from data_contracts.approval import Approval, Negotiation
from data_contracts.calendar import (
    FiscalCalendar,
    NamedAfter,
    Pattern,
    Weekday,
    YearEnd,
)
from data_contracts.coverage import Coverage
from data_contracts.drift import LEADING, Cause, DriftMetric, Watch
from data_contracts.economics import Budget, Pay, Promise
from data_contracts.errors import PolicyError
from data_contracts.handover import Handover
from data_contracts.organisation import Organisation
from data_contracts.places import MisplacedError, place_of
from data_contracts.planning import Capacity, Quotas, Territories
from data_contracts.replanning import Replanning
from data_contracts.revenue import Targets
from data_contracts.yaml_lines import line_of, repeated_keys

Share = Annotated[float, Field(ge=0, le=1)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(_Part):
    """Who plans, and in which currency every amount is stated."""

    name: str
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"


class Calendar(_Part):
    """The fiscal year, of calendar months or of weeks by four and five."""

    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] = 1
    pattern: Pattern = Pattern.CALENDAR_MONTHS
    week_starts_on: Weekday = Weekday.MONDAY
    year_ends: YearEnd = YearEnd.NEAREST
    extra_week_in_quarter: Annotated[int, Field(ge=1, le=4)] = 4
    year_named_after: NamedAfter = NamedAfter.END


class Exchange(_Part):
    """Rates fixed for the plan: units of the company's currency for one unit."""

    plan_rates: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")],
        Annotated[float, Field(gt=0, allow_inf_nan=False)],
    ] = {}


class Reconciliation(_Part):
    """How far bookings and invoices of an account may differ before it is a finding.

    The larger of the two allowances counts, by account and month.
    """

    tolerance_in_currency: Money = 1
    tolerance_share: Share = 0.005


class Identity(_Part):
    """How sure we must be that two records are one, before it is proposed.

    Equal numbers, e-mails and crosswalk entries always count. Likeness of names is
    proposed only where a least score is given, and never merged by itself: people
    confirm or deny it in the crm-crosswalk extract.
    """

    people_min_score_share: Share | None = None
    customers_min_score_share: Share | None = None
    accounts_min_score_share: Share | None = None
    hire_grace_days: Annotated[int, Field(ge=0)] = 0


class Segment(_Part):
    """One market segment and the accounts it takes, first match by order."""

    id: Identifier
    name: str
    min_employee_count: Annotated[int, Field(ge=0)] | None = None
    max_employee_count: Annotated[int, Field(ge=0)] | None = None
    regions: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    is_default: bool = False


class Role(_Part):
    """A sales role, the HR values that mean it, and its target pay."""

    id: Identifier
    name: str
    hris_roles: tuple[str, ...]
    is_quota_bearing: bool = False
    ote_in_currency: Money = 0
    variable_share: Share = 0.5


class Forecasting(_Part):
    """How forecasts of company, segments, regions and cells are made to agree.

    Attributes
    ----------
    reconciliation : {"mint", "top"}
        "mint" moves every level by how sure it is; "top" keeps the company's
        forecast and moves the rest.
    use_slow_engines : bool
        Let slower engines compete for company, segments and regions; needs the
        optional package statsforecast.
    """

    reconciliation: Literal["mint", "top"] = "mint"
    use_slow_engines: bool = False


Component = Literal["targets", "capacity", "territories", "quotas"]


class Threshold(_Part):
    """How often one metric may cry wolf, and what a breach asks for.

    Where the cause that explains most of a breach is named under `asks_for_by_cause`,
    that is asked for instead.
    """

    metric: DriftMetric
    node_level: Literal[
        "company", "segment", "region", "cell", "segment_role", "rep", "launch"
    ]
    false_alarms_per_year_count: Annotated[float, Field(ge=0)] = 0
    min_history_months: Annotated[int, Field(ge=0)] = 0
    asks_for: tuple[Component, ...]
    asks_for_by_cause: dict[
        Cause, Annotated[tuple[Component, ...], Field(min_length=1)]
    ] = {}
    tier: Literal["act", "watch"] = "act"

    @model_validator(mode="after")
    def _is_held_against_the_plan(self) -> Self:
        if self.metric in LEADING:
            raise ValueError(f"{self.metric} is watched by the week; name it in watch")
        return self


class Launch(_Part):
    """A product launch the plan counts on."""

    id: Identifier
    product_id: str
    name: str
    planned_on: date
    grace_days: Annotated[int, Field(ge=0)] = 30
    expected_per_month_in_currency: Money = 0


class Stage(_Part):
    """A CRM stage and what it means."""

    stage: str
    rank: Annotated[int, Field(ge=0)]
    is_closed: bool = False
    is_won: bool = False


class Publication(_Part):
    """How long a night stays readable after a newer one took its place."""

    kept_nights_count: Annotated[int, Field(ge=0, le=3660)] = 7


class CompanyPolicy(_Part):
    """Everything the business decided, checked as a whole."""

    company: Company
    calendar: Calendar = Calendar()
    exchange: Exchange = Exchange()
    reconciliation: Reconciliation = Reconciliation()
    identity: Identity = Identity()
    segments: tuple[Segment, ...]
    organisation: Organisation = Organisation()
    roles: tuple[Role, ...]
    targets: Targets
    capacity: Capacity = Capacity()
    forecast: Forecasting = Forecasting()
    territories: Territories = Territories()
    quotas: Quotas = Quotas()
    promise: Promise = Promise()
    coverage: Coverage = Coverage()
    budget: Budget = Budget()
    pay: Pay = Pay()
    approval: Approval = Approval()
    negotiation: Negotiation = Negotiation()
    handover: Handover = Handover()
    replanning: Replanning = Replanning()
    publication: Publication = Publication()
    reviews: tuple[Literal["weekly", "monthly", "quarterly"], ...] = (
        "weekly",
        "monthly",
        "quarterly",
    )
    drift: tuple[Threshold, ...] = ()
    watch: Watch = Watch()
    launches: tuple[Launch, ...] = ()
    stages: tuple[Stage, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for what, ids in (
            ("segment", [segment.id for segment in self.segments]),
            ("role", [role.id for role in self.roles]),
            ("launch", [launch.id for launch in self.launches]),
        ):
            twice = {one for one in ids if ids.count(one) > 1}
            if twice:
                raise ValueError(f"{what} id {min(twice)!r} is given twice")
        if not self.segments:
            raise ValueError("segments is empty; give at least one")
        if sum(segment.is_default for segment in self.segments) != 1:
            raise ValueError("exactly one segment must have is_default: true")
        if not any(role.is_quota_bearing for role in self.roles):
            raise ValueError("no role has is_quota_bearing: true")
        limits, roles = self.capacity, {role.id for role in self.roles}
        if limits.heads_per_manager_count and limits.manager_role not in roles:
            raise MisplacedError(
                f"capacity.manager_role is {limits.manager_role!r}, but roles has only "
                f"{', '.join(sorted(roles))}",
                ("capacity", "manager_role"),
            )
        selling = {role.id for role in self.roles if role.is_quota_bearing}
        for at, overlay in enumerate(limits.overlays):
            if overlay.role not in roles - selling - {limits.manager_role}:
                raise MisplacedError(
                    f"capacity.overlays names {overlay.role!r}, which is no role that "
                    "helps: it must be in roles, without quota, and not lead",
                    ("capacity", "overlays", at, "role"),
                )
        known = {segment.id for segment in self.segments}
        for place, where, segment_id in self._segments_named():
            if segment_id not in known:
                raise MisplacedError(
                    f"{where} names segment {segment_id!r}, but segments has only "
                    f"{', '.join(sorted(known))}",
                    place,
                )
        return self

    def _segments_named(self) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
        """Give every segment named outside `segments`, with its place in both forms."""
        for place, segment_id in self.targets.segments_named:
            yield ("targets", *place), f"targets.{place[0]}", segment_id
        for at, unit in enumerate(self.organisation.units):
            for segment_id in unit.segments:
                place_of_unit = ("organisation", "units", at, "segments")
                yield place_of_unit, f"organisation unit {unit.id!r}", segment_id
        for at, activity in enumerate(self.budget.activities):
            place_of_activity = ("budget", "activities", at, "segment_id")
            yield place_of_activity, "budget.activities", activity.segment_id

    @property
    def fiscal(self) -> FiscalCalendar:
        """The company's fiscal calendar."""
        told = self.calendar
        return FiscalCalendar(
            start_month=told.fiscal_year_start_month,
            pattern=told.pattern,
            week_starts_on=told.week_starts_on,
            year_ends=told.year_ends,
            extra_week_in_quarter=told.extra_week_in_quarter,
            named_after=told.year_named_after,
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the decided values; comments and order of keys do not count."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def line_in(path: Path, place: Sequence[str | int]) -> int:
    """Return the line of a policy file where a value stands, or its nearest parent.

    Parameters
    ----------
    path : Path
        A file that `load_policy` accepts.
    place : sequence of str and int
        Keys and list positions that lead to the value.
    """
    text = path.read_text(encoding="utf-8")
    return line_of(yaml.compose(text, Loader=yaml.SafeLoader), place)


def load_policy(path: Path) -> CompanyPolicy:
    """Read and check a policy file.

    Raises
    ------
    PolicyError
        If the file is missing, is not YAML, or a value breaks a rule; the message
        names every broken value with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PolicyError(
            f"policy {path} cannot be read: {error.strerror}",
            fix="write one: aop init",
        ) from error
    except UnicodeDecodeError as error:
        raise PolicyError(
            f"policy {path} is not UTF-8 text: {error.reason} at byte {error.start}",
            fix=f"save {path.name} as UTF-8",
        ) from error
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PolicyError(
            f"policy {path} is not YAML: {error}", fix=f"mend {path.name} there"
        ) from error
    twice = repeated_keys(tree)
    if twice:
        raise PolicyError(
            f"policy {path} says {len(twice)} thing(s) twice:\n  "
            + "\n  ".join(f"line {line}: {key} again" for line, key in twice),
            fix="keep one of them; the other would be ignored",
        )
    try:
        return CompanyPolicy.model_validate(values)
    except ValidationError as error:
        faults = [
            f"line {line_of(tree, place)}: "
            f"{'.'.join(map(str, place)) or 'the policy'}: "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
            for place in (place_of(fault),)
        ]
        raise PolicyError(
            f"policy {path} breaks {len(faults)} rule(s):\n  " + "\n  ".join(faults),
            fix=f"mend these lines of {path.name} and run the command again",
        ) from error
