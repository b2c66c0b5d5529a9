"""Who must sign a plan, what a policy may sign, and what people may ask by hand."""

from datetime import date
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from data_contracts.drift import DriftMetric

Person = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ApprovalLevel(_Part):
    """One step of approval: who may sign it and how many of them must."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    approvers: Annotated[tuple[Person, ...], Field(min_length=1)]
    needs_count: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.needs_count > len({who.casefold() for who in self.approvers}):
            raise ValueError(
                f"level {self.name!r} needs {self.needs_count} signatures but names "
                f"{len(self.approvers)} approver(s)"
            )
        return self


class AutomaticApproval(_Part):
    """What the policy approves in a person's name: small answers to drift only.

    A limit that is left out is zero: what nobody allowed may not change.
    """

    signed_by: Person
    signed_on: date
    expires_on: date
    metrics: tuple[DriftMetric, ...] = ()
    max_moved_accounts_count: Count = 0
    max_moved_potential_share: Share = 0
    max_rep_quota_change_share: Share = 0
    max_company_quota_change_share: Share = 0
    max_hires_change_count: Count = 0
    max_target_pay_change_share: Share = 0

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.expires_on < self.signed_on:
            raise ValueError(
                f"expires_on {self.expires_on} is before signed_on {self.signed_on}"
            )
        return self


class Approval(_Part):
    """Levels in the order they sign, what may be signed as policy, and a ceiling.

    The ceiling is of a whole year's target pay and programme spend; a version of some
    months may cost as many twelfths of it.
    """

    levels: tuple[ApprovalLevel, ...] = ()
    max_year_cost_in_currency: Annotated[float, Field(gt=0)] | None = None
    automatic: AutomaticApproval | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        names = [level.name.casefold() for level in self.levels]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"approval level {twice[0]!r} is given twice")
        if self.automatic is None or not self.levels:
            return self
        last = {who.casefold() for who in self.levels[-1].approvers}
        if self.automatic.signed_by.casefold() not in last:
            raise ValueError(
                f"automatic.signed_by {self.automatic.signed_by!r} is no approver of "
                f"the last level, {self.levels[-1].name!r}"
            )
        return self


class FreezeWindow(_Part):
    """Days on which no change may take effect and no re-plan is made, both included."""

    starts_on: date
    ends_on: date
    why: str

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError(f"ends_on {self.ends_on} is before {self.starts_on}")
        return self


class Negotiation(_Part):
    """What people may ask of a plan by hand, and when it may take effect."""

    max_quota_change_share: Share = 0.5
    freeze_windows: tuple[FreezeWindow, ...] = ()


ANYBODY_ELSE: Final = Approval()
"""No levels: one signature of anybody but who proposed it."""
