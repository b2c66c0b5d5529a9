"""What the business decided about money and risk: promise, budget and pay."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Deviation = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Promise(_Part):
    """How surely hires are to carry the plan, and how uncertain a year is.

    Deviations are of the logarithm of bookings: 0.06 is about six per cent either way
    in two years of three.
    """

    plan_met_probability_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    also_priced_probability_shares: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    market_deviation: Deviation = 0.06
    segment_deviation: Deviation = 0.05
    role_deviation: Deviation = 0.04
    backfill_share: Share = 0


class Activity(_Part):
    """Something money can be spent on in a segment, and what it brings in a year.

    With steepness 0 returns fall from the first unit on; above 1 they rise first.
    """

    id: Identifier
    segment_id: Identifier
    top_in_currency: Money
    scale_in_currency: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    steepness: Annotated[float, Field(ge=0, le=10)] = 0
    floor_in_currency: Money = 0
    cap_in_currency: Money | None = None


class Budget(_Part):
    """The programme budget of a year and what it may be spent on."""

    year_in_currency: Money = 0
    unit_in_currency: Annotated[float, Field(gt=0)] = 1000
    activities: tuple[Activity, ...] = ()

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        keys = [(each.segment_id, each.id) for each in self.activities]
        if len(set(keys)) < len(keys):
            raise ValueError("an activity is given twice in one segment")
        return self


class Pay(_Part):
    """Payout curves that may be offered, and what they may cost.

    Ceilings are multiples of the incentives paid at exactly 100 %.
    """

    curve: Literal["fixed", "searched"] = "fixed"
    thresholds_share: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = (0.0,)
    accelerators: tuple[Annotated[float, Field(ge=0, le=10)], ...] = (1.0,)
    second_accelerator_from_share: Annotated[float, Field(gt=1, le=5)] = 1.25
    second_accelerators: tuple[Annotated[float, Field(ge=0, le=10)], ...] = ()
    caps_multiple: tuple[Annotated[float, Field(ge=1)], ...] = ()
    mean_ceiling_multiple: Annotated[float, Field(gt=0)] = 1.1
    p90_ceiling_multiple: Annotated[float, Field(gt=0)] | None = None
    rep_deviation: Deviation = 0.35
    market_deviation: Deviation = 0.12
