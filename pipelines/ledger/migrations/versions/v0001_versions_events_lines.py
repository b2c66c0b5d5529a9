"""First tables: versions, their lines and the chain of events.

Written out in full and never changed: what this step did must stay what it did,
whatever ``data_contracts.plan`` says later.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from data_contracts.errors import LedgerError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text()
INT = sa.Integer()
BIG = sa.BigInteger()
SHARE: sa.types.TypeEngine[Any] = sa.Double()
DATE = sa.Date()
FLAG = sa.Boolean()
MOMENT = sa.DateTime()

LINES: dict[str, tuple[tuple[str, ...], dict[str, sa.types.TypeEngine[Any]]]] = {
    "plan_target": (
        ("node_level", "node_id", "month_start", "measure"),
        {
            "node_level": TEXT,
            "node_id": TEXT,
            "month_start": DATE,
            "measure": TEXT,
            "value_cents": BIG,
            "reason": TEXT,
        },
    ),
    "plan_capacity": (
        ("segment_id", "role", "month_start"),
        {
            "segment_id": TEXT,
            "role": TEXT,
            "month_start": DATE,
            "heads": SHARE,
            "ramped_heads": SHARE,
            "capacity_cents": BIG,
            "capacity_p10_cents": BIG,
            "capacity_p90_cents": BIG,
        },
    ),
    "plan_hire": (
        ("segment_id", "role", "month_start"),
        {
            "segment_id": TEXT,
            "role": TEXT,
            "month_start": DATE,
            "hires_count": BIG,
            "reason": TEXT,
        },
    ),
    "plan_assignment": (
        ("account_id", "valid_from"),
        {
            "account_id": TEXT,
            "rep_id": TEXT,
            "segment_id": TEXT,
            "valid_from": DATE,
            "valid_to": DATE,
            "previous_rep_id": TEXT,
            "is_moved": FLAG,
            "reason": TEXT,
            "keep_cost_cents": BIG,
            "move_cost_cents": BIG,
            "next_best_rep_id": TEXT,
            "potential_cents": BIG,
        },
    ),
    "plan_quota": (
        ("rep_id", "month_start"),
        {
            "rep_id": TEXT,
            "segment_id": TEXT,
            "region_id": TEXT,
            "month_start": DATE,
            "quota_cents": BIG,
            "base_cents": BIG,
            "reason": TEXT,
        },
    ),
    "plan_compensation": (
        ("segment_id", "role", "month_start"),
        {
            "segment_id": TEXT,
            "role": TEXT,
            "month_start": DATE,
            "heads": SHARE,
            "target_pay_cents": BIG,
            "variable_cents": BIG,
        },
    ),
}

HEAD = (
    "version, scenario, parent_version, title, as_of, effective_from, effective_to, "
    "proposed_by, proposed_at, why, breach_key, scope, policy_hash, input_hash, "
    "code_hash, content_hash, territory_gap_share, territory_proof"
)


def upgrade() -> None:
    """Create the tables and the triggers that keep them immutable."""
    op.create_table(
        "plan_version",
        sa.Column("version", INT, primary_key=True, autoincrement=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("scenario", TEXT, nullable=False),
        sa.Column("parent_version", INT, sa.ForeignKey("plan_version.version")),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("as_of", DATE, nullable=False),
        sa.Column("effective_from", DATE, nullable=False),
        sa.Column("effective_to", DATE, nullable=False),
        sa.Column("proposed_by", TEXT, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("decided_by", TEXT),
        sa.Column("decided_at", MOMENT),
        sa.Column("published_at", MOMENT),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("breach_key", TEXT),
        sa.Column("scope", TEXT),
        sa.Column("policy_hash", TEXT, nullable=False),
        sa.Column("input_hash", TEXT, nullable=False),
        sa.Column("code_hash", TEXT, nullable=False),
        sa.Column("content_hash", TEXT, nullable=False),
        sa.Column("territory_gap_share", SHARE),
        sa.Column("territory_proof", TEXT),
    )
    is_open = sa.text("state IN ('proposed', 'approved')")
    op.create_index(
        "one_open_version_per_breach",
        "plan_version",
        ["breach_key"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "plan_event",
        sa.Column("seq", INT, primary_key=True, autoincrement=False),
        sa.Column(
            "version", INT, sa.ForeignKey("plan_version.version"), nullable=False
        ),
        sa.Column("from_state", TEXT, nullable=False),
        sa.Column("to_state", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("prev_hash", TEXT, nullable=False),
        sa.Column("head_hash", TEXT, nullable=False),
    )
    for table, (keys, columns) in LINES.items():
        op.create_table(
            table,
            sa.Column(
                "version",
                INT,
                sa.ForeignKey("plan_version.version"),
                primary_key=True,
                autoincrement=False,
            ),
            *(
                sa.Column(name, kind, primary_key=name in keys, autoincrement=False)
                for name, kind in columns.items()
            ),
        )
    _forbid_changes()


def downgrade() -> None:
    """Refuse: a ledger is never emptied by a tool."""
    raise LedgerError(
        "a ledger cannot be taken back to an older form: versions would be lost",
        fix="restore the ledger from a backup",
    )


def _forbid_changes() -> None:
    is_postgres = op.get_bind().dialect.name == "postgresql"
    if is_postgres:
        op.execute(
            "CREATE FUNCTION plan_is_immutable() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'plan history is immutable'; END $$"
        )
    body = (
        "FOR EACH ROW EXECUTE FUNCTION plan_is_immutable()"
        if is_postgres
        else "BEGIN SELECT RAISE(ABORT, 'plan history is immutable'); END"
    )
    for table in ("plan_event", *LINES):
        op.execute(f"CREATE TRIGGER {table}_keeps_rows BEFORE UPDATE ON {table} {body}")
    op.execute(
        f"CREATE TRIGGER plan_version_keeps_head BEFORE UPDATE OF {HEAD} "
        f"ON plan_version {body}"
    )
    for table in ("plan_version", "plan_event", *LINES):
        op.execute(
            f"CREATE TRIGGER {table}_loses_nothing BEFORE DELETE ON {table} {body}"
        )
