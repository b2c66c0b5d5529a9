"""What a plan is made of: states of a version, its components and their columns."""

from enum import StrEnum
from typing import Final


class PlanState(StrEnum):
    """Where a plan version stands; see ``pipelines.ledger.transitions``."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"


class Kind(StrEnum):
    """Type of a column, the same word for ledger, Parquet and SQL."""

    TEXT = "text"
    COUNT = "count"
    CENTS = "cents"
    SHARE = "share"
    DATE = "date"
    FLAG = "flag"
    MOMENT = "moment"


EVER_PUBLISHED: Final = (PlanState.PUBLISHED, PlanState.SUPERSEDED)
"""States whose lines belong in the plan book."""

COMPONENTS: Final[dict[str, dict[str, Kind]]] = {
    # (1) financial targets, by node and month
    "target": {
        "node_level": Kind.TEXT,
        "node_id": Kind.TEXT,
        "month_start": Kind.DATE,
        "measure": Kind.TEXT,
        "value_cents": Kind.CENTS,
        "reason": Kind.TEXT,
    },
    # (2) what the heads can carry, by segment, role and month
    "capacity": {
        "segment_id": Kind.TEXT,
        "role": Kind.TEXT,
        "month_start": Kind.DATE,
        "heads": Kind.SHARE,
        "ramped_heads": Kind.SHARE,
        "capacity_cents": Kind.CENTS,
        "capacity_p10_cents": Kind.CENTS,
        "capacity_p90_cents": Kind.CENTS,
    },
    "hire": {
        "segment_id": Kind.TEXT,
        "role": Kind.TEXT,
        "month_start": Kind.DATE,
        "hires_count": Kind.COUNT,
        "reason": Kind.TEXT,
    },
    # (3) and (4) which segment an account is in and who owns it, from when to when
    "assignment": {
        "account_id": Kind.TEXT,
        "rep_id": Kind.TEXT,
        "segment_id": Kind.TEXT,
        "valid_from": Kind.DATE,
        "valid_to": Kind.DATE,
        "previous_rep_id": Kind.TEXT,
        "is_moved": Kind.FLAG,
        "reason": Kind.TEXT,
        "keep_cost_cents": Kind.CENTS,
        "move_cost_cents": Kind.CENTS,
        "next_best_rep_id": Kind.TEXT,
        "potential_cents": Kind.CENTS,
    },
    # (5) quotas by rep and month, and what they cost
    "quota": {
        "rep_id": Kind.TEXT,
        "segment_id": Kind.TEXT,
        "region_id": Kind.TEXT,
        "month_start": Kind.DATE,
        "quota_cents": Kind.CENTS,
        "base_cents": Kind.CENTS,
        "reason": Kind.TEXT,
    },
    "compensation": {
        "segment_id": Kind.TEXT,
        "role": Kind.TEXT,
        "month_start": Kind.DATE,
        "heads": Kind.SHARE,
        "target_pay_cents": Kind.CENTS,
        "variable_cents": Kind.CENTS,
    },
    # which coverage model an account gets, and what that is worth
    "coverage": {
        "account_id": Kind.TEXT,
        "coverage_tier": Kind.TEXT,
        "value_cents": Kind.CENTS,
        "reason": Kind.TEXT,
    },
    # where the programme budget goes
    "allocation": {
        "segment_id": Kind.TEXT,
        "activity": Kind.TEXT,
        "spend_cents": Kind.CENTS,
        "value_cents": Kind.CENTS,
        "reason": Kind.TEXT,
    },
    # the payout curve of each role, and what it costs
    "pay": {
        "role": Kind.TEXT,
        "threshold_share": Kind.SHARE,
        "accelerator": Kind.SHARE,
        "second_accelerator_from_share": Kind.SHARE,
        "second_accelerator": Kind.SHARE,
        "cap_multiple": Kind.SHARE,
        "mean_cents": Kind.CENTS,
        "p90_cents": Kind.CENTS,
        "leverage_multiple": Kind.SHARE,
        "reason": Kind.TEXT,
    },
    # how good each solver's answer is, and how that is known
    "proof": {
        "solver": Kind.TEXT,
        "node_id": Kind.TEXT,
        "proof": Kind.TEXT,
        "unit": Kind.TEXT,
        "objective": Kind.SHARE,
        "bound": Kind.SHARE,
        "gap_share": Kind.SHARE,
        "is_verified": Kind.FLAG,
        "statement": Kind.TEXT,
    },
}
"""Component name to its columns in order; the first columns that tell two lines
apart are in ``KEYS``."""

FOUNDING: Final = ("target", "capacity", "hire", "assignment", "quota", "compensation")
"""Components of the first format. Later ones count in a version's hash only where
they have lines, so that versions from before still verify."""

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "target": ("node_level", "node_id", "month_start", "measure"),
    "capacity": ("segment_id", "role", "month_start"),
    "hire": ("segment_id", "role", "month_start"),
    "assignment": ("account_id", "valid_from"),
    "quota": ("rep_id", "month_start"),
    "compensation": ("segment_id", "role", "month_start"),
    "coverage": ("account_id",),
    "allocation": ("segment_id", "activity"),
    "pay": ("role",),
    "proof": ("solver", "node_id"),
}
"""What makes a line of each component unique inside one version."""

VERSION_COLUMNS: Final[dict[str, Kind]] = {
    "version": Kind.COUNT,
    "state": Kind.TEXT,
    "scenario": Kind.TEXT,
    "parent_version": Kind.COUNT,
    "title": Kind.TEXT,
    "as_of": Kind.DATE,
    "effective_from": Kind.DATE,
    "effective_to": Kind.DATE,
    "proposed_by": Kind.TEXT,
    "proposed_at": Kind.MOMENT,
    "decided_by": Kind.TEXT,
    "decided_at": Kind.MOMENT,
    "published_at": Kind.MOMENT,
    "why": Kind.TEXT,
    "breach_key": Kind.TEXT,
    "scope": Kind.TEXT,
    "policy_hash": Kind.TEXT,
    "input_hash": Kind.TEXT,
    "code_hash": Kind.TEXT,
    "content_hash": Kind.TEXT,
    "territory_gap_share": Kind.SHARE,
    "territory_proof": Kind.TEXT,
}
"""What is known of every version, in the plan book and in ``plan.dim_plan_version``."""

EVENT_COLUMNS: Final[dict[str, Kind]] = {
    "seq": Kind.COUNT,
    "version": Kind.COUNT,
    "from_state": Kind.TEXT,
    "to_state": Kind.TEXT,
    "actor": Kind.TEXT,
    "note": Kind.TEXT,
    "happened_at": Kind.MOMENT,
    "hash": Kind.TEXT,
}
"""One transition of one version, chained by hash."""
