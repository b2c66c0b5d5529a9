"""What the ramp model believes before data, carries while fitting, and knows after."""

from dataclasses import dataclass, field

import numpy as np

from ml.panel import Floats, Ints
from ml.pooling import PooledPrior
from ml.ramp_calendar import Calendar, MarketWalk
from ml.ramp_smooth import Departure


@dataclass(frozen=True, slots=True)
class RampPrior:
    """What is believed about any sales force before its data are seen.

    Months to 80 % have median 6 with two thirds of companies between 3.3 and 11;
    segments differ from their company by about a third, roles within a segment by a
    quarter. Talent has a coefficient of variation of about 0.45 between reps.
    """

    months_to_80: float = 6.0
    shape: float = 1.4
    company_sd: tuple[float, float] = (0.6, 0.3)  # log m80, log shape
    segment_sd: tuple[float, float] = (0.45, 0.14)
    group_sd: tuple[float, float] = (0.22, 0.14)
    level_sd: float = 0.7  # log productivity, group and segment
    talent_precision: float = 5.0
    talent_log_sd: float = 0.4
    # Log mean talent against hires who stayed: there before the window, and left.
    # Within a window, departures that follow from bookings seen need no correction.
    selection: tuple[float, float] = (0.1, 0.0)
    selection_sd: tuple[float, float] = (0.2, 0.2)
    company_calendar_sd: tuple[float, float] = (0.3, 0.02)  # season, monthly drift
    segment_calendar_sd: tuple[float, float] = (0.12, 0.015)  # what a segment adds

    def pooled(
        self, segment_sd: tuple[float, float], group_sd: tuple[float, float]
    ) -> PooledPrior:
        """Return the prior of (log level, log m80, log shape) for these spreads."""
        return PooledPrior(
            mean=np.array([0.0, np.log(self.months_to_80), np.log(self.shape)]),
            company_sd=np.array([3.0, *self.company_sd]),
            segment_sd=np.array([self.level_sd, *segment_sd]),
            group_sd=np.array([self.level_sd, *group_sd]),
        )


@dataclass(frozen=True, slots=True)
class RampFit:
    """One converged fit; `unit` times a level gives cents per ramped month."""

    unit: float
    theta: Floats  # (g, 3) log level, log months to 80 %, log shape
    covariance: Floats  # (g*3, g*3) sandwich
    season: Floats  # (s, 12) log effect of January to December, mean 0
    drift: Floats  # (s, m) log market level, mean of the last 12 months 0
    walk: MarketWalk  # how the market level may move on
    dispersion: Floats  # (s,) variance over mean, in units
    hits: Floats  # (s,) rep-months with a booking
    talent_precision: float  # gamma shape of talent at mean 1
    selection: Floats  # (2,) log mean talent against stayers: there before, left
    pair_rep: Ints  # (c,) rep of each rep-group pair
    pair_group: Ints  # (c,)
    rep_shape: Floats  # (i,) posterior gamma shape of each rep's talent
    rep_rate: Floats  # (i,) posterior gamma rate
    mean_at_par: Floats  # (n,) expected units of an average rep in each row
    departure: list[Departure] = field(default_factory=list)  # per group or empty
    rounds: int = 0


@dataclass(slots=True)
class RampState:
    """What changes from round to round."""

    theta: Floats
    calendar: Calendar
    dispersion: Floats
    talent_precision: float
    selection: Floats
    departure: list[Departure]
