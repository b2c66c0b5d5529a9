"""When a breach is worth a re-plan: what moves cost, what waits, what was refused."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from data_contracts.plan import Kind

Share = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Verdict(StrEnum):
    """What planning made of a breach on a night."""

    WORTH = "worth"  # a proposal was made
    NOT_WORTH = "not_worth"  # the sum is below break-even
    FROZEN = "frozen"  # a freeze window
    COOLING = "cooling"  # its scope was planned again a short while ago
    SPENT = "spent"  # somebody's change budget of the quarter is used up
    REFUSED = "refused"  # people rejected it, and it has not grown since


DECISION_COLUMNS: Final[dict[str, Kind]] = {
    "breach_key": Kind.TEXT,
    "decided_on": Kind.DATE,
    "verdict": Kind.TEXT,
    "gain_cents": Kind.CENTS,
    "cost_cents": Kind.CENTS,
    "reconsider_on": Kind.DATE,
    "statistic": Kind.SHARE,
    "policy_hash": Kind.TEXT,
    "why": Kind.TEXT,
}
"""Columns of ``plan_book/decisions``: one row per breach and night of decision."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a breach, why, and from which day it is looked at again.

    ``gain_cents`` and ``cost_cents`` are None where nothing was computed.
    """

    breach_key: str
    decided_on: date
    verdict: Verdict
    reconsider_on: date
    statistic: float
    policy_hash: str
    why: str
    gain_cents: int | None = None
    cost_cents: int | None = None


class Replanning(BaseModel):
    """What a re-plan must bring, what it may disturb, and how long it waits.

    What a moved account costs stands under ``territories`` (``move_*``); days on which
    nothing may change stand under ``negotiation.freeze_windows`` and hold here too.

    Attributes
    ----------
    unserved_loss_share : float
        Of an account's potential, lost while nobody owns it.
    off_target_loss_share : float
        Of the money by which a target is off, lost by steering by it.
    gross_margin_share : float
        Of bookings that capacity allows, kept after the cost of serving them.
    quota_change_in_currency, proposal_in_currency : float
        For each rep told of a new quota; for reading and deciding on one proposal.
    gain_multiple, reopen_gain_multiple : float
        Gain over cost that makes a proposal; the same for what was not worth it before.
    cooldown_days : int
        Between two re-plans of one scope, and after a rejection.
    regrown_multiple : float
        Evidence over that at the second rejection from which it is asked once more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    unserved_loss_share: Share = 0.5
    off_target_loss_share: Share = 0.05
    gross_margin_share: Share = 0.75
    quota_change_in_currency: Money = 500
    proposal_in_currency: Money = 1000
    gain_multiple: Annotated[float, Field(ge=0, le=100)] = 1.0
    reopen_gain_multiple: Annotated[float, Field(ge=0, le=100)] = 1.25
    cooldown_days: Annotated[int, Field(ge=0, le=366)] = 28
    regrown_multiple: Annotated[float, Field(ge=1)] = 2.0
    max_quota_changes_per_rep_and_quarter_count: Annotated[int, Field(ge=0)] = 2
    max_moved_potential_per_rep_and_quarter_share: Share = 0.25
