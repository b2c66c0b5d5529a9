"""The journal: signatures, comments, delegations and overrides, sealed like events.

Written out in full and never changed: what this step did must stay what it did.
"""

import sqlalchemy as sa
from alembic import op

from data_contracts.errors import LedgerError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the journal and the triggers that keep it immutable."""
    op.create_table(
        "plan_journal",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), sa.ForeignKey("plan_version.version")),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("event_hash", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
    )
    body = (
        "FOR EACH ROW EXECUTE FUNCTION plan_is_immutable()"
        if op.get_bind().dialect.name == "postgresql"
        else "BEGIN SELECT RAISE(ABORT, 'plan history is immutable'); END"
    )
    op.execute(
        f"CREATE TRIGGER plan_journal_keeps_rows BEFORE UPDATE ON plan_journal {body}"
    )
    op.execute(
        f"CREATE TRIGGER plan_journal_loses_nothing BEFORE DELETE ON plan_journal "
        f"{body}"
    )


def downgrade() -> None:
    """Refuse: a ledger is never emptied by a tool."""
    raise LedgerError(
        "a ledger cannot be taken back to an older form: signatures would be lost",
        fix="restore the ledger from a backup",
    )
