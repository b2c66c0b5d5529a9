"""Coverage, allocation, pay curves and the proof of every solver.

Written out in full and never changed: what this step did must stay what it did.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from data_contracts.errors import LedgerError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text()
BIG = sa.BigInteger()
SHARE: sa.types.TypeEngine[Any] = sa.Double()
FLAG = sa.Boolean()

LINES: dict[str, tuple[tuple[str, ...], dict[str, sa.types.TypeEngine[Any]]]] = {
    "plan_coverage": (
        ("account_id",),
        {"account_id": TEXT, "coverage_tier": TEXT, "value_cents": BIG, "reason": TEXT},
    ),
    "plan_allocation": (
        ("segment_id", "activity"),
        {
            "segment_id": TEXT,
            "activity": TEXT,
            "spend_cents": BIG,
            "value_cents": BIG,
            "reason": TEXT,
        },
    ),
    "plan_pay": (
        ("role",),
        {
            "role": TEXT,
            "threshold_share": SHARE,
            "accelerator": SHARE,
            "second_accelerator_from_share": SHARE,
            "second_accelerator": SHARE,
            "cap_multiple": SHARE,
            "mean_cents": BIG,
            "p90_cents": BIG,
            "leverage_multiple": SHARE,
            "reason": TEXT,
        },
    ),
    "plan_proof": (
        ("solver", "node_id"),
        {
            "solver": TEXT,
            "node_id": TEXT,
            "proof": TEXT,
            "unit": TEXT,
            "objective": SHARE,
            "bound": SHARE,
            "gap_share": SHARE,
            "is_verified": FLAG,
            "statement": TEXT,
        },
    ),
}


def upgrade() -> None:
    """Create the tables and the triggers that keep them immutable."""
    body = (
        "FOR EACH ROW EXECUTE FUNCTION plan_is_immutable()"
        if op.get_bind().dialect.name == "postgresql"
        else "BEGIN SELECT RAISE(ABORT, 'plan history is immutable'); END"
    )
    for table, (keys, columns) in LINES.items():
        op.create_table(
            table,
            sa.Column(
                "version",
                sa.Integer(),
                sa.ForeignKey("plan_version.version"),
                primary_key=True,
                autoincrement=False,
            ),
            *(
                sa.Column(name, kind, primary_key=name in keys, autoincrement=False)
                for name, kind in columns.items()
            ),
        )
        op.execute(f"CREATE TRIGGER {table}_keeps_rows BEFORE UPDATE ON {table} {body}")
        op.execute(
            f"CREATE TRIGGER {table}_loses_nothing BEFORE DELETE ON {table} {body}"
        )


def downgrade() -> None:
    """Refuse: a ledger is never emptied by a tool."""
    raise LedgerError(
        "a ledger cannot be taken back to an older form: proofs would be lost",
        fix="restore the ledger from a backup",
    )
