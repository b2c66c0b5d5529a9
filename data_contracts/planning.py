"""How steps of the planning cycle are to be answered: capacity, territories, quotas."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from data_contracts.organisation import Overlay
from data_contracts.places import MisplacedError

Share = Annotated[float, Field(ge=0, le=1)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Tolerance = Annotated[float, Field(gt=0, le=1)]
Source = Literal["history", "policy"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Capacity(_Part):
    """Heads, ramp and attrition, and hiring limits.

    Ramp and attrition are learned from history, and the policy's where history cannot
    say them; with a source of ``policy`` they are the policy's everywhere. With a span
    of control, hires that nobody on board can lead need a manager first; managers are
    the active people of `manager_role`.
    """

    ramp_source: Source = "history"
    prior_months_to_80_months: Annotated[float, Field(gt=0, le=36)] = 6
    attrition_source: Source = "history"
    prior_attrition_per_year_share: Share = 0.2
    hire_lead_time_months: Annotated[int, Field(ge=0, le=12)] = 2
    max_hires_per_month_count: Annotated[int, Field(ge=0)] = 5
    hire_budget_in_currency: Money | None = None
    heads_per_manager_count: Annotated[float, Field(gt=0, le=100)] | None = None
    manager_role: Identifier = "manager"
    overlays: tuple[Overlay, ...] = ()
    attainment_share: Annotated[float, Field(gt=0, le=1.5)] = 1.0


class Territories(_Part):
    """Who may own an account and what an uneven or moved book costs.

    Attributes
    ----------
    balance_tolerance_share : float
        Books hold their fair part of potential within so much.
    balance_tolerance_by_metric_share : metric to float
        The same of further metrics: accounts, bookings of the last twelve months.
    keeps_families_together : bool
        Accounts of one parent have one owner.
    locked_accounts : tuple of account ids
        They stay with whoever owns them today.
    max_moved_potential_share : float or None
        Disruption budget: of all potential, the most a whole plan may move.
    """

    eligibility: tuple[Literal["segment", "region"], ...] = ("segment",)
    balance_tolerance_share: Tolerance = 0.2
    balance_tolerance_by_metric_share: dict[
        Literal["accounts", "bookings"], Tolerance
    ] = {}
    max_accounts_per_rep_count: Annotated[int, Field(ge=1)] | None = None
    keeps_families_together: bool = True
    move_fixed_in_currency: Money = 100
    move_share_of_bookings_share: Share = 0.15
    move_share_of_pipeline_share: Share = 0.1
    max_moved_potential_share: Share | None = None
    replan_move_price_multiple: Annotated[float, Field(ge=1, le=1000)] = 10
    travel_per_km_in_currency: Money = 0
    visits_per_year_count: Annotated[float, Field(ge=0)] = 4
    named_accounts: dict[str, str] = {}
    locked_accounts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _does_not_contradict(self) -> Self:
        for place, account in enumerate(self.locked_accounts):
            if account in self.locked_accounts[:place]:
                raise MisplacedError(
                    f"account {account!r} is given twice", ("locked_accounts", place)
                )
            if account in self.named_accounts:
                raise MisplacedError(
                    f"account {account!r} is locked to its owner and named for "
                    f"{self.named_accounts[account]!r}; keep one of them",
                    ("locked_accounts", place),
                )
        return self


class Quotas(_Part):
    """How a target becomes quotas.

    Attributes
    ----------
    method : {"potential", "bookings", "even"}
        What a book is weighed by beside capacity: its accounts' potential, what they
        booked in the last twelve months, or nothing.
    over_assignment_share : level to float
        Of the target: what the company, segments and reps are each asked above it.
    max_change_share : float or None
        A rep's quota stays within so much of the quota of the twelve months before,
        where the CRM holds one and the target allows it.
    leave_relief_share : float
        Of the quota of days of leave: 1 asks nothing for them, 0 all.
    vacancy_relief_share : float
        Of what planned hires are to carry: 1 leaves it to them, 0 to today's reps.
    """

    method: Literal["potential", "bookings", "even"] = "potential"
    over_assignment_share: dict[Literal["company", "segment", "rep"], Share] = {}
    potential_weight_share: Share = 0.5
    rounding_in_currency: Annotated[float, Field(gt=0)] = 100
    max_change_share: Share | None = None
    ramp_relief: bool = True
    leave_relief_share: Share = 0
    vacancy_relief_share: Share = 0

    @property
    def raised_multiple(self) -> float:
        """Quotas over target: one and the cushion of each level, multiplied."""
        cushion = self.over_assignment_share
        return (
            (1 + cushion.get("company", 0.0))
            * (1 + cushion.get("segment", 0.0))
            * (1 + cushion.get("rep", 0.0))
        )

    @property
    def book_weight_share(self) -> float:
        """How much a rep's book counts against capacity."""
        return 0.0 if self.method == "even" else self.potential_weight_share
