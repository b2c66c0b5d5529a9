"""What is to be sold and what becomes of it: growth, products, season, ARR, margin."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data_contracts.places import MisplacedError, must_sum_to_one

Share = Annotated[float, Field(ge=0, le=1)]
Growth = Annotated[float, Field(gt=-1, le=1)]
Season = Annotated[tuple[Share, ...], Field(min_length=12, max_length=12)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProductTarget(_Part):
    """What one product is to bring, in every segment that sells it.

    Attributes
    ----------
    product_id : str
        As in crm-products and on opportunities.
    growth_share : float or None
        Of its bookings of the last twelve months; the segment's growth where None.
    price_change_share : float
        Of its price against those months; comes on top of growth or mix.
    mix_share : float or None
        Of a segment's target, whatever was sold of it; then no growth of its own.
    gross_margin_share : float or None
        Kept after the cost of serving it; the company's where None.
    """

    product_id: Annotated[str, Field(min_length=1)]
    growth_share: Annotated[float, Field(gt=-1, le=10)] | None = None
    price_change_share: Annotated[float, Field(gt=-1, le=10)] = 0
    mix_share: Share | None = None
    gross_margin_share: Share | None = None


class ArrDrivers(_Part):
    """How recurring revenue moves in one segment, where it is not as it was measured.

    What is None stays as in the last twelve months.

    Attributes
    ----------
    new_arr_per_booking_share : float or None
        ARR won for one cent booked; with expansion given, that of new business only.
    expansion_per_month_share, contraction_per_month_share, churn_per_month_share
        Of the month's opening ARR.
    """

    new_arr_per_booking_share: Annotated[float, Field(ge=0, le=10)] | None = None
    expansion_per_month_share: Share | None = None
    contraction_per_month_share: Share | None = None
    churn_per_month_share: Share | None = None

    @model_validator(mode="after")
    def _loses_no_more_than_there_is(self) -> Self:
        lost = (self.contraction_per_month_share or 0) + (
            self.churn_per_month_share or 0
        )
        if lost > 1:
            raise MisplacedError(
                f"contraction and churn together lose {lost:.4g} of ARR a month; at "
                "most 1 is there",
                ("churn_per_month_share",),
            )
        return self


class Targets(_Part):
    """Financial targets: growth over the last twelve months, by segment and product.

    Only bookings of the types named count in targets, quotas and attainment; renewals
    are usually somebody else's work.

    Attributes
    ----------
    growth_of : {"bookings", "arr"}
        What grows by `growth_share`: bookings of the year, or recurring revenue from
        the year's opening to its close; bookings are then what that takes.
    season_by_fiscal_month_share : 12 floats or None
        Each fiscal month's part of the year, as decided; as measured where None.
    gross_margin_share : float or None
        Of recognised revenue; ``replanning.gross_margin_share`` where None.
    """

    booking_types: Annotated[
        tuple[Literal["new", "expansion", "renewal"], ...], Field(min_length=1)
    ] = ("new", "expansion")
    growth_of: Literal["bookings", "arr"] = "bookings"
    growth_share: Growth
    growth_share_by_segment: dict[str, Growth] = {}
    products: tuple[ProductTarget, ...] = ()
    season_by_fiscal_month_share: Season | None = None
    season_by_fiscal_month_share_by_segment: dict[str, Season] = {}
    arr_drivers_by_segment: dict[str, ArrDrivers] = {}
    gross_margin_share: Share | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        _check_products(self.products)
        name = "season_by_fiscal_month_share"
        if self.season_by_fiscal_month_share is not None:
            must_sum_to_one(self.season_by_fiscal_month_share, name, (name,))
        for segment, months in self.season_by_fiscal_month_share_by_segment.items():
            place = (f"{name}_by_segment", segment)
            must_sum_to_one(months, f"months of {segment}", place)
        return self

    @property
    def segments_named(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """Every segment id named here, with the place it is named at."""
        return tuple(
            ((name, segment), segment)
            for name in (
                "growth_share_by_segment",
                "season_by_fiscal_month_share_by_segment",
                "arr_drivers_by_segment",
            )
            for segment in getattr(self, name)
        )


def _check_products(products: tuple[ProductTarget, ...]) -> None:
    seen: set[str] = set()
    for place, one in enumerate(products):
        if one.product_id in seen:
            raise MisplacedError(
                f"product {one.product_id!r} is given twice", ("products", place)
            )
        seen.add(one.product_id)
        if one.mix_share is not None and one.growth_share is not None:
            raise MisplacedError(
                f"product {one.product_id!r} has a mix_share and a growth_share; keep "
                "one of them",
                ("products", place, "growth_share"),
            )
    mixed = [one for one in products if one.mix_share is not None]
    if not mixed:
        return
    for place, one in enumerate(products):
        if one.mix_share is None:
            raise MisplacedError(
                f"product {one.product_id!r} has no mix_share, but others have",
                ("products", place),
            )
    must_sum_to_one([one.mix_share or 0 for one in mixed], "mix_share", ("products",))
