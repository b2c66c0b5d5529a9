"""What is normal in B2B software selling: numbers with their sources.

Grades follow the evidence: A measured in a study, B several practitioners agree,
C one source or a spread too wide to trust, and "assumption" where nothing was found.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SegmentNorm:
    """How one segment sells when nothing unusual happens."""

    segment_id: str
    name: str
    min_employees: int  # B: Book Builder's bounds, growth folded into mid-market
    max_employees: int
    account_share: float  # of all accounts; assumption
    seat_share: float  # of all AE seats; assumption
    deal_median_cents: int  # first deal, a year; A/C: Bridge Group medians, 2017
    deal_sigma: float  # log-normal; assumption
    cycle_days: float  # created to won; A/C: Bridge Group 2017, PulseRevOps
    win_share: float  # from qualified; C
    qualified_per_month: float  # opportunities an average ramped rep opens
    open_per_account: int  # parallel opportunities an account can bear
    ramp_months: float  # to 90 % of full output; B
    quota_cents: int  # a year; B: BenchSights
    base_cents: int  # C: mid-points
    variable_cents: int
    renewal_share: float  # of renewals won; B/C: gross retention by segment
    monthly_billing_share: float  # of subscriptions billed by month; assumption
    backfill_days: float  # B/C: HRO Today, SBI, Himodus


SEGMENTS: Final = (
    SegmentNorm(
        "smb", "Small business", 5, 99, 0.65, 0.43, 800_000, 0.70, 40.0, 0.28,
        10.5, 1, 4.0, 45_000_000, 6_000_000, 6_000_000, 0.84, 0.6, 60.0,
    ),
    SegmentNorm(
        "mm", "Mid-market", 100, 1_499, 0.27, 0.29, 3_000_000, 0.70, 85.0, 0.23,
        4.9, 2, 6.0, 75_000_000, 8_750_000, 8_750_000, 0.90, 0.2, 75.0,
    ),
    SegmentNorm(
        "ent", "Enterprise", 1_500, 60_000, 0.08, 0.28, 9_000_000, 0.70, 180.0,
        0.20, 3.6, 3, 9.0, 130_000_000, 14_000_000, 11_000_000, 0.94, 0.0, 90.0,
    ),
)  # fmt: skip

REGIONS: Final = ("amer", "emea", "apac")
HOURS_FROM_UTC: Final = (-6, 1, 9)  # of most offices, by region
STAGES: Final = (
    "Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won",
    "Closed Lost",
)  # fmt: skip
STAGE_PROBABILITY: Final = (10.0, 25.0, 50.0, 75.0, 100.0, 0.0)  # per cent
STAGE_FORECAST: Final = (
    "Pipeline", "Pipeline", "Best Case", "Commit", "Closed", "Omitted",
)  # fmt: skip
STAGE_SHARE: Final = (0.20, 0.30, 0.25, 0.25)  # of the cycle; assumption
INDUSTRIES: Final = (
    "Software", "Financial services", "Healthcare", "Manufacturing", "Retail",
    "Professional services", "Education", "Logistics", "Energy", "Public sector",
)  # fmt: skip
INDUSTRY_SHARE: Final = (0.16, 0.13, 0.11, 0.14, 0.11, 0.13, 0.07, 0.07, 0.04, 0.04)
# the ideal customer profile: what an industry adds to log potential
INDUSTRY_FIT: Final = (0.55, 0.45, 0.15, 0.0, -0.10, 0.20, -0.45, 0.0, -0.20, -0.60)
ROLES: Final = {
    "ae": "Account Executive",
    "manager": "Sales Manager",
    "csm": "Customer Success Manager",
    "sdr": "Sales Development Representative",
    "se": "Solutions Engineer",
    "director": "Sales Director",
    "cro": "Chief Revenue Officer",
}
# from a tenure in months on, times the hazard; C: up around month 12 to 18
TENURE_HAZARD: Final = ((0.0, 0.4), (3.0, 1.0), (11.0, 1.5), (19.0, 1.0))
LEAVE_HAZARD_OTHERS: Final = (0.25, 0.10, 0.15, 0.35, 0.12, 0.05, 0.0)  # by role; C
# C: mid-points, by role; sellers by segment instead
BASE_PAY_CENTS: Final = (
    0, 11_000_000, 7_800_000, 5_400_000, 12_500_000, 15_000_000, 24_000_000,
)  # fmt: skip
VARIABLE_PAY_CENTS: Final = (
    0, 6_000_000, 1_950_000, 2_600_000, 4_000_000, 10_000_000, 20_000_000,
)  # fmt: skip
# from an attainment of the quarter on, times the base commission rate; assumption
ACCELERATORS: Final = ((0.0, 1.0), (1.0, 1.5), (1.25, 2.0))
AES_A_SDR: Final = (2.5, 4.4)  # B: TOPO; the second for large companies
AES_A_SE: Final = 3.0  # B: Insight table
# attainment of two quarters below which the hazard is multiplied; C
ATTAINMENT_HAZARD: Final = ((0.0, 2.0), (0.5, 0.9), (0.9, 0.6))
UNKNOWN_ATTAINMENT_HAZARD: Final = 0.9
SEASON_HAZARD: Final = (1.5, 0.85, 0.85, 0.85)  # by fiscal quarter: bonus, then rest; C
HAZARD_LEVEL: Final = 0.80  # with the factors above, brings leavers to their share
LEAVE_OF_ABSENCE_YEAR: Final = 0.025  # of sellers; assumption
PART_TIME_SHARE: Final = 0.03  # of people; assumption
# how long lost deals stay open, by segment; brings open deals a rep to their norm
LINGER: Final = (5.6, 2.8, 1.0)  # C: 22 to 35, 12 to 22, 4 to 9 open deals
OPEN_DEALS_NORM: Final = ((22, 35), (12, 22), (4, 9))  # a rep, by segment; C
# C: Winsabove's "mild"; bookings by month of a quarter
MONTH_OF_QUARTER_SHARE: Final = (0.22, 0.28, 0.50)
QUARTER_SHARE: Final = (0.21, 0.24, 0.23, 0.32)  # assumption, by fiscal quarter
TALENT_SIGMA: Final = 0.38  # B: 0.35 to 0.45, log-normal skill
RAMP_SHAPE: Final = 2.0  # S-shaped; B: nothing in the first weeks, then fast
RAMP_SIGMA: Final = 0.25  # of log ramp months between people; C: Bridge 2024
NEVER_RAMP_SHARE: Final = 0.06  # B: 5 to 7 %
LEAVE_HAZARD_YEAR: Final = 0.25  # C: 15 % voluntary, 10 % not
MAX_SPAN: Final = 8  # B: 7 (5 to 9) people a manager


def by_segment(field: str) -> NDArray[np.float64]:
    """Return one field of every segment, in the order of `SEGMENTS`.

    Examples
    --------
    >>> by_segment("ramp_months").tolist()
    [4.0, 6.0, 9.0]
    """
    return np.array([getattr(s, field) for s in SEGMENTS], dtype=np.float64)


def ramp_share(
    tenure_months: NDArray[np.float64], ramp_months: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of full output a rep reaches at a tenure.

    Parameters
    ----------
    tenure_months : (n,) float, months since the start date
    ramp_months : (n,) float, months to 90 % of full output

    Returns
    -------
    (n,) float in [0, 1)
        Rising in tenure; 0.9 at `ramp_months`.

    Notes
    -----
    Weibull curve with shape 2: slow start, steep middle, flat end.

    Examples
    --------
    >>> ramp_share(np.array([0.0, 6.0]), np.array([6.0, 6.0])).round(3).tolist()
    [0.0, 0.9]
    """
    scaled = np.maximum(tenure_months, 0.0) / ramp_months
    share: NDArray[np.float64] = 1.0 - np.exp(-np.log(10.0) * scaled**RAMP_SHAPE)
    return share
