"""When the events of a scenario begin, and how they bend demand, odds and prices."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.demo.scenario import Events
from pipelines.demo.sizes import DemoDates

SHOCK_DAYS: Final = 182  # a demand shock lasts half a year
PRICE_ELASTICITY: Final = 1.5  # of win odds to price; assumption


@dataclass(frozen=True)
class Storyline:
    """The events of a company as factors on what would have happened anyway."""

    events: Events
    dates: DemoDates

    def begins(self, event: str) -> int:
        """Return the day an event begins on; far away when it is off."""
        day: int = self._event(event).day(self.dates)
        return day

    def _event(self, event: str) -> Any:
        return getattr(self.events, event)

    def demand(self, day: int) -> float:
        """Return how many deals are opened on a day, 1.0 being as usual."""
        factor = 1.0
        for event, sign in (("demand_falls", -1), ("demand_rises", 1)):
            since = day - self.begins(event)
            if 0 <= since < SHOCK_DAYS:
                factor *= 1 + sign * self._event(event).strength
        return factor

    def price(self, day: NDArray[Any]) -> NDArray[np.float64]:
        """Return list price by day, 1.0 being as usual."""
        rise = self._event("price_rises").strength
        return np.where(day >= self.begins("price_rises"), 1.0 + rise, 1.0)

    def odds(self, region: NDArray[Any], day: NDArray[Any]) -> NDArray[np.float64]:
        """Return win odds by region and closing day, 1.0 being as usual."""
        lost = self._event("competitor_enters").strength
        is_met = (day >= self.begins("competitor_enters")) & (region == 1)
        by_price: NDArray[np.float64] = self.price(day) ** -PRICE_ELASTICITY
        return np.where(is_met, 1.0 - lost, 1.0) * by_price
