"""What happens to open work when an account changes hands: policy words."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Holdover(_Part):
    """Which open opportunities stay with the old owner after a move, and how long.

    An opportunity is held where its stage is named (any, where none is), it has been
    open long enough, and the old owner holds no more than the cap; the largest first.
    """

    stages: tuple[str, ...] = ()
    min_open_days: Days = 0
    max_held_per_rep_count: Annotated[int, Field(ge=0)] | None = None
    expires_after_days: Days = 0
    fallback: Literal["account_owner", "manager"] = "account_owner"
    old_owner_share: Share = 1


class Handover(_Part):
    """Open deals, leave and quota when accounts change hands."""

    holdover: Holdover = Holdover()
    leave_cover: Literal["none", "manager"] = "none"
    leave_cover_min_days: Days = 14
    moved_quota: Literal["stays", "pro_rated", "whole"] = "stays"
