"""Words of drift: what is watched, what a breach is and what it asks for."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class DriftMetric(StrEnum):
    """What is held against the plan in force at the time."""

    ATTAINMENT = "attainment"
    HEADCOUNT = "headcount"
    REP_LEFT = "rep_left"
    LAUNCH_SLIPPED = "launch_slipped"
    PIPELINE_CREATED = "pipeline_created"
    WIN_RATE = "win_rate"
    DEAL_SIZE = "deal_size"


LEADING: Final = (
    DriftMetric.PIPELINE_CREATED,
    DriftMetric.WIN_RATE,
    DriftMetric.DEAL_SIZE,
)
WATCHED_LEVELS: Final = ("company", "segment", "region", "cell")


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


class Watch(BaseModel):
    """Which leading measures are watched by the week; they are shown, never re-planned.

    Attributes
    ----------
    metrics : tuple of DriftMetric
        Deals opened, deals won of those decided, amounts of deals won; empty watches
        nothing.
    false_alarms_per_year_count : float
        Over all of them and every company, segment, region and cell; 0 raises none.
    min_history_months : int
        Before the plan took force; below it a node is silent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    metrics: tuple[DriftMetric, ...] = LEADING
    false_alarms_per_year_count: Annotated[
        float, Field(ge=0, le=365, allow_inf_nan=False)
    ] = 4
    min_history_months: Annotated[int, Field(ge=12)] = 12

    @model_validator(mode="after")
    def _is_leading(self) -> Self:
        for metric in self.metrics:
            if metric not in LEADING or self.metrics.count(metric) > 1:
                raise ValueError(
                    f"watch.metrics has {metric.value!r}, give each of "
                    f"{', '.join(LEADING)} once at most"
                )
        return self


@dataclass(frozen=True, slots=True)
class Breach:
    """One departure from plan, or from what is usual.

    ``scope`` names what may change (``rep:R012``, ``segment:smb``, ``company``) and
    ``asks_for`` the components to be planned again; all else stays frozen. What is
    only watched asks for none.
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
    tier: str = "act"  # or watch: shown, and asks for nothing
