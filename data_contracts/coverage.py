"""Whom to cover and how: the ideal customer, tiers, and what a book should hold."""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from data_contracts.places import MisplacedError, must_sum_to_one

Share = Annotated[float, Field(ge=0, le=1)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]

CUSTOMERS: Final = "customers"
"""Group of accounts that booked in the last twelve months; grades are the others."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CoverageTier(_Part):
    """One way to serve an account: what it wins, what it costs, how many it holds.

    With `grades` only accounts of these grades of the ideal customer may have it.
    """

    id: Identifier
    saturation_in_currency: Money | None = None
    yield_share: Share
    cost_in_currency: Money
    max_accounts_count: Annotated[int, Field(ge=0)] | None = None
    grades: tuple[Identifier, ...] = ()


class FitWeights(_Part):
    """How much each part of the ICP score counts; together one."""

    firmographics_share: Share = 0.4
    wallet_share: Share = 0.4
    fit_share: Share = 0.2

    @model_validator(mode="after")
    def _is_a_whole(self) -> Self:
        parts = (self.firmographics_share, self.wallet_share, self.fit_share)
        must_sum_to_one(parts, "weights of the ideal customer")
        return self


class Grade(_Part):
    """Accounts whose score is at least so high, and below every higher grade."""

    id: Identifier
    min_score_share: Share


class IdealCustomer(_Part):
    """The ideal customer's profile, and how far it moves what an account is worth.

    Attributes
    ----------
    industries, regions : tuple of str
        Any of them is ideal; empty says nothing.
    min_employee_count, max_employee_count : int or None
        Ideal size.
    weights : FitWeights
        Of firmographics (the stated criteria met), wallet (rank of potential within
        the segment) and fit (how often accounts of its segment and industry buy).
    potential_swing_share : float
        An account of score 1 counts for so much more than its potential, one of score
        0 for so much less; in books, tiers and quotas.
    grades : tuple of Grade
        Names for scores, from the highest down.
    """

    industries: tuple[str, ...] = ()
    min_employee_count: Annotated[int, Field(ge=0)] | None = None
    max_employee_count: Annotated[int, Field(ge=0)] | None = None
    regions: tuple[str, ...] = ()
    weights: FitWeights = FitWeights()
    potential_swing_share: Share = 0
    grades: tuple[Grade, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        low, high = self.min_employee_count, self.max_employee_count
        if low is not None and high is not None and low > high:
            raise MisplacedError(
                f"max_employee_count {high} is below min_employee_count {low}",
                ("max_employee_count",),
            )
        ids = [grade.id for grade in self.grades]
        for place, grade in enumerate(self.grades):
            if grade.id in (*ids[:place], CUSTOMERS):
                raise MisplacedError(
                    f"grade {grade.id!r} is taken already", ("grades", place, "id")
                )
            above = self.grades[place - 1].min_score_share if place else 2.0
            if grade.min_score_share >= above:
                raise MisplacedError(
                    f"grade {grade.id!r} starts at {grade.min_score_share}, not below "
                    f"the one before it, {above}",
                    ("grades", place, "min_score_share"),
                )
        if self.grades and self.grades[-1].min_score_share > 0:
            raise MisplacedError(
                "the last grade must start at 0, so that every account has one",
                ("grades", len(ids) - 1, "min_score_share"),
            )
        return self


class MixRule(_Part):
    """What every book should hold of one group of accounts.

    Attributes
    ----------
    group : str
        A grade of the ideal customer, or ``customers``: who booked in twelve months.
    counted_by : {"accounts", "potential"}
        What the shares are of.
    balance_tolerance_share : float or None
        Books hold their fair part of the group within so much; None does not balance.
    min_share, max_share : float
        Of the book; checked once books are made, and told where one is outside.
    """

    group: Identifier
    counted_by: Literal["accounts", "potential"] = "accounts"
    balance_tolerance_share: Annotated[float, Field(gt=0, le=1)] | None = None
    min_share: Share = 0
    max_share: Share = 1

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min_share > self.max_share:
            raise MisplacedError(
                f"max_share {self.max_share} is below min_share {self.min_share}",
                ("max_share",),
            )
        return self


class Coverage(_Part):
    """The ideal customer, tiers, the mix of a book, and tiers that a person decided."""

    ideal_customer: IdealCustomer | None = None
    account_mix: tuple[MixRule, ...] = ()
    tiers: tuple[CoverageTier, ...] = ()
    overrides: dict[str, str] = {}

    @model_validator(mode="after")
    def _holds_everybody(self) -> Self:
        ids = [tier.id for tier in self.tiers]
        if len(set(ids)) < len(ids):
            raise MisplacedError("a coverage tier id is given twice", ("tiers",))
        open_to_all = [t for t in self.tiers if t.max_accounts_count is None]
        if self.tiers and not any(not tier.grades for tier in open_to_all):
            raise MisplacedError(
                "one coverage tier must have no max_accounts_count and no grades",
                ("tiers",),
            )
        for account, chosen in self.overrides.items():
            if chosen not in ids:
                raise MisplacedError(
                    f"overrides gives {account} tier {chosen!r}; tiers has only "
                    f"{', '.join(ids) or 'none'}",
                    ("overrides", account),
                )
        graded = self.ideal_customer.grades if self.ideal_customer else ()
        grades = [grade.id for grade in graded]
        for place, tier in enumerate(self.tiers):
            for grade in tier.grades:
                if grade not in grades:
                    raise MisplacedError(
                        f"tier {tier.id!r} is for grade {grade!r}; ideal_customer has "
                        f"only {', '.join(grades) or 'none'}",
                        ("tiers", place, "grades"),
                    )
        known = [CUSTOMERS, *grades]
        seen: set[tuple[str, str]] = set()
        for place, rule in enumerate(self.account_mix):
            if rule.group not in known:
                raise MisplacedError(
                    f"group {rule.group!r} is neither a grade of ideal_customer nor "
                    f"customers; there is {', '.join(known)}",
                    ("account_mix", place, "group"),
                )
            if (rule.group, rule.counted_by) in seen:
                raise MisplacedError(
                    f"group {rule.group!r} by {rule.counted_by} is given twice",
                    ("account_mix", place, "group"),
                )
            seen.add((rule.group, rule.counted_by))
        return self
