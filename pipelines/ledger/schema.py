"""Tables of the plan ledger, generated from the words of ``data_contracts.plan``.

The migrations build these tables; this module only describes them to queries.
"""

from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from data_contracts.plan import (
    COMPONENTS,
    EVENT_COLUMNS,
    KEYS,
    VERSION_COLUMNS,
    Kind,
    PlanState,
)

DTYPES: Final[dict[Kind, pl.DataType]] = {
    Kind.TEXT: pl.String(),
    Kind.COUNT: pl.Int64(),
    Kind.CENTS: pl.Int64(),
    Kind.SHARE: pl.Float64(),
    Kind.DATE: pl.Date(),
    Kind.FLAG: pl.Boolean(),
    Kind.MOMENT: pl.Datetime("us"),
}
"""Type of each kind of column in a frame."""

SMALL_COUNTS: Final = frozenset({"version", "parent_version", "seq"})
"""Counts of versions and events: 32 bits everywhere."""

OPEN_STATES: Final = (PlanState.PROPOSED, PlanState.APPROVED)
"""States in which a version still waits for somebody."""

MAY_BE_NULL: Final = frozenset(
    {
        "parent_version",
        "decided_by",
        "decided_at",
        "published_at",
        "breach_key",
        "scope",
        "territory_gap_share",
        "territory_proof",
    }
)
"""Columns of a version that may stay empty."""

MUTABLE: Final = ("state", "decided_by", "decided_at", "published_at")
"""Columns of a version that a transition may write; all others never change."""

IMMUTABLE: Final = tuple(name for name in VERSION_COLUMNS if name not in MUTABLE)
"""Columns of a version that are fixed when it is stored."""

metadata = sa.MetaData()


def _column_type(name: str, kind: Kind) -> sa.types.TypeEngine[Any]:
    types: dict[Kind, sa.types.TypeEngine[Any]] = {
        Kind.TEXT: sa.Text(),
        Kind.COUNT: sa.Integer() if name in SMALL_COUNTS else sa.BigInteger(),
        Kind.CENTS: sa.BigInteger(),
        Kind.SHARE: sa.Double(),
        Kind.DATE: sa.Date(),
        Kind.FLAG: sa.Boolean(),
        Kind.MOMENT: sa.DateTime(),
    }
    return types[kind]


def _columns(
    kinds: dict[str, Kind], *, keys: tuple[str, ...], may_be_null: frozenset[str]
) -> list[sa.Column[Any]]:
    return [
        sa.Column(
            name,
            _column_type(name, kind),
            primary_key=name in keys,
            nullable=name in may_be_null and name not in keys,
            autoincrement=False,
        )
        for name, kind in kinds.items()
    ]


def _is_open(state: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return state.in_([str(each) for each in OPEN_STATES])


version_table = sa.Table(
    "plan_version",
    metadata,
    *_columns(VERSION_COLUMNS, keys=("version",), may_be_null=MAY_BE_NULL),
    sa.ForeignKeyConstraint(["parent_version"], ["plan_version.version"]),
)
# two planners cannot answer one breach at the same time, whatever the code does
sa.Index(
    "one_open_version_per_breach",
    version_table.c.breach_key,
    unique=True,
    sqlite_where=_is_open(version_table.c.state),
    postgresql_where=_is_open(version_table.c.state),
)

event_table = sa.Table(
    "plan_event",
    metadata,
    *_columns(EVENT_COLUMNS, keys=("seq",), may_be_null=frozenset()),
    sa.Column("prev_hash", sa.Text(), nullable=False),
    sa.Column("head_hash", sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(["version"], ["plan_version.version"]),
)

journal_table = sa.Table(
    "plan_journal",
    metadata,
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

line_tables: Final[dict[str, sa.Table]] = {
    component: sa.Table(
        f"plan_{component}",
        metadata,
        sa.Column(
            "version",
            sa.Integer(),
            sa.ForeignKey("plan_version.version"),
            primary_key=True,
            autoincrement=False,
        ),
        *_columns(kinds, keys=KEYS[component], may_be_null=frozenset(kinds)),
    )
    for component, kinds in COMPONENTS.items()
}
"""One table of lines per component; its key starts with the version."""


def frame_schema(kinds: dict[str, Kind]) -> dict[str, pl.DataType]:
    """Return the columns and types of a frame of these kinds, in order.

    Examples
    --------
    >>> frame_schema({"version": Kind.COUNT, "value_cents": Kind.CENTS})
    {'version': Int32, 'value_cents': Int64}
    """
    return {
        name: pl.Int32() if name in SMALL_COUNTS else DTYPES[kind]
        for name, kind in kinds.items()
    }
