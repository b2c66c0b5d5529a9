"""Words of drift: what is watched, what a breach is and what it asks for."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DriftMetric(StrEnum):
    """What is held against the plan in force at the time."""

    ATTAINMENT = "attainment"
    HEADCOUNT = "headcount"
    REP_LEFT = "rep_left"
    LAUNCH_SLIPPED = "launch_slipped"


class Cause(StrEnum):
    """What a departure from planned bookings is split into; the parts sum to it."""

    HEADCOUNT = "headcount"
    RAMP = "ramp"
    TIMING = "timing"
    CHURN = "churn"
    WIN_RATE = "win_rate"
    MIX = "mix"
    DEAL_SIZE = "deal_size"
    COVERAGE = "coverage"
    PRODUCTIVITY = "productivity"


class BreachState(StrEnum):
    """What has been done about a breach, read from the plan versions it caused."""

    OPEN = "open"
    PROPOSED = "proposed"
    ANSWERED = "answered"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Breach:
    """One departure from plan that asks for a re-plan.

    ``scope`` names what may change (``rep:R012``, ``segment:smb``, ``company``) and
    ``asks_for`` the components to be planned again; all else stays frozen.
    """

    key: str
    metric: DriftMetric
    node_level: str
    node_id: str
    direction: str
    first_seen_on: date
    scope: str
    asks_for: tuple[str, ...]
    cause: str
    state: BreachState
    plan_version: int | None
    statistic: float = 1.0  # evidence on the night; a fact has 1
    is_due: bool = True  # planning is to look at it now
    verdict: str = ""  # what planning made of it last, empty before
    why: str = ""  # the sum behind that, or the rule that holds it
