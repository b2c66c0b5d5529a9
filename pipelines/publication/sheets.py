"""What the sheets of a plan's workbook hold: one table per component, by column.

Shared by the writer and the reader, so that what comes back is held to what went out.
Not for formatting; that is ``workbook``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

import polars as pl

from data_contracts.plan import COMPONENTS, FOUNDING, KEYS, Kind
from pipelines.ledger.overrides import Ask

Content = Mapping[str, pl.DataFrame]

FORMAT: Final = 1
PASSPORT: Final = "_aop"
SUMMARY: Final = "Summary"
LISTS: Final = "_lists"


class Unit(StrEnum):
    """How a column is written and read back."""

    TEXT = "text"
    MONEY = "money"  # cents in the frame, currency in the cell
    NUMBER = "number"
    COUNT = "count"
    DATE = "date"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, its name in the frame, and whether people may edit it."""

    title: str
    name: str
    unit: Unit
    width: int = 14
    is_key: bool = False
    ask: Ask | None = None  # what an edit of this column asks for
    is_reason: bool = False

    @property
    def is_open(self) -> bool:
        """True where people write."""
        return self.ask is not None or self.is_reason


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its rows and what each column means."""

    name: str
    note: str
    columns: tuple[Column, ...]
    rows: pl.DataFrame  # the columns that are not open, by name

    @property
    def fixed(self) -> tuple[Column, ...]:
        """Columns that come back as they went out."""
        return tuple(column for column in self.columns if not column.is_open)

    @property
    def keys(self) -> tuple[Column, ...]:
        """Columns that tell one row from another."""
        return tuple(column for column in self.columns if column.is_key)

    @property
    def is_open(self) -> bool:
        """True where the sheet has columns to write in."""
        return any(column.is_open for column in self.columns)


LONGEST_TEXT: Final = 32_767
"""Characters that a cell can hold."""

HEADER_ROW: Final = 2
"""Row of the titles, from 0: a note and an empty line come first."""


def plan_sheets(content: Content, currency: str) -> tuple[Sheet, ...]:
    """Return the sheets of a version, one per component, in the plan's order.

    Parameters
    ----------
    content : mapping of component name to frame
        In canonical form.
    currency : str
        ISO code that titles of money carry.
    """
    return (
        _targets(content, currency),
        _capacity(content, currency),
        _hires(content),
        _books(content, currency),
        _quotas(content, currency),
        _compensation(content, currency),
        *(
            _plain(name, content, currency)
            for name in COMPONENTS
            if name not in FOUNDING
        ),
    )


def hire_key(segment: str, role: str, month: date) -> str:
    """Return what names the starters of a team in a month.

    Examples
    --------
    >>> hire_key("smb", "ae", date(2026, 4, 1))
    'smb/ae/2026-04'
    """
    return f"{segment}/{role}/{month:%Y-%m}"


def _key(title: str, name: str, unit: Unit = Unit.TEXT, width: int = 18) -> Column:
    return Column(title, name, unit, width, is_key=True)


def _reason(width: int = 44) -> Column:
    return Column("why you change it", "edit_reason", Unit.TEXT, width, is_reason=True)


def _targets(content: Content, currency: str) -> Sheet:
    return Sheet(
        name="Targets",
        note="Bookings targets, quotas and what they mean in money, by node and month.",
        columns=(
            _key("level", "node_level"),
            _key("node", "node_id", width=24),
            _key("month", "month_start", Unit.DATE),
            _key("measure", "measure"),
            Column(f"value ({currency})", "value_cents", Unit.MONEY, 18),
            Column("reason", "reason", Unit.TEXT, 60),
        ),
        rows=content["target"],
    )


def _capacity(content: Content, currency: str) -> Sheet:
    return Sheet(
        name="Capacity",
        note="What the heads on the books and the planned hires can book.",
        columns=(
            _key("segment", "segment_id"),
            _key("role", "role"),
            _key("month", "month_start", Unit.DATE),
            Column("heads", "heads", Unit.NUMBER),
            Column("ramped heads", "ramped_heads", Unit.NUMBER),
            Column(f"capacity ({currency})", "capacity_cents", Unit.MONEY, 18),
            Column(f"P10 ({currency})", "capacity_p10_cents", Unit.MONEY, 18),
            Column(f"P90 ({currency})", "capacity_p90_cents", Unit.MONEY, 18),
        ),
        rows=content["capacity"],
    )


def _hires(content: Content) -> Sheet:
    by = ["segment_id", "role", "month_start"]
    teams = content["capacity"].select(by).unique()
    rows = (
        pl.concat([teams, content["hire"].select(by)])
        .unique()
        .join(content["hire"], on=by, how="left")
        .with_columns(pl.col("hires_count").fill_null(0))
        .sort(by)
    )
    return Sheet(
        name="Hires",
        note="Starters by team and month. Write another number to change one.",
        columns=(
            _key("segment", "segment_id"),
            _key("role", "role"),
            _key("month", "month_start", Unit.DATE),
            Column("hires (people)", "hires_count", Unit.COUNT),
            Column("new hires (people)", "edit_hires", Unit.COUNT, ask=Ask.HIRES),
            _reason(),
            Column("reason", "reason", Unit.TEXT, 60),
        ),
        rows=rows,
    )


def _books(content: Content, currency: str) -> Sheet:
    return Sheet(
        name="Books",
        note="Who owns which account. Choose another owner to move it, the same owner "
        "to keep it there.",
        columns=(
            _key("account", "account_id"),
            _key("from", "valid_from", Unit.DATE, 12),
            Column("segment", "segment_id", Unit.TEXT),
            Column("owner", "rep_id", Unit.TEXT, 18),
            Column("new owner", "edit_owner", Unit.TEXT, 18, ask=Ask.ACCOUNT_OWNER),
            _reason(),
            Column("owner before", "previous_rep_id", Unit.TEXT, 18),
            Column("moves", "is_moved", Unit.FLAG, 8),
            Column(f"potential a year ({currency})", "potential_cents", Unit.MONEY, 18),
            Column(f"cost of the move ({currency})", "move_cost_cents", Unit.MONEY, 18),
            Column(f"cost of staying ({currency})", "keep_cost_cents", Unit.MONEY, 18),
            Column("next best owner", "next_best_rep_id", Unit.TEXT, 18),
            Column("reason", "reason", Unit.TEXT, 60),
        ),
        rows=content["assignment"],
    )


def _quotas(content: Content, currency: str) -> Sheet:
    lines = content["quota"].with_columns(
        pl.col("month_start").dt.strftime("%Y-%m").alias("month")
    )
    months = lines["month"].unique().sort().to_list()
    total = lines.group_by("rep_id").agg(
        pl.col("segment_id").first(),
        pl.col("region_id").first(),
        pl.col("quota_cents").sum(),
        pl.col("reason").first(),
    )
    book = (
        content["assignment"]
        .group_by("rep_id")
        .agg(
            pl.col("account_id").n_unique().cast(pl.Int64).alias("accounts_count"),
            pl.col("potential_cents").sum(),
        )
    )
    by_month = lines.pivot(
        on="month", on_columns=months, index="rep_id", values="quota_cents"
    )
    rows = (
        total.join(book, on="rep_id", how="left")
        .join(by_month, on="rep_id", how="left")
        .with_columns(pl.col("accounts_count").fill_null(0))
        .sort("rep_id")
    )
    return Sheet(
        name="Quotas",
        note="Quota by rep over the plan's months. Write another total to set it; yes "
        "under lock keeps every account of the book.",
        columns=(
            _key("rep", "rep_id"),
            Column("segment", "segment_id", Unit.TEXT),
            Column("region", "region_id", Unit.TEXT),
            Column("accounts", "accounts_count", Unit.COUNT, 10),
            Column(f"potential a year ({currency})", "potential_cents", Unit.MONEY, 18),
            Column(f"quota ({currency})", "quota_cents", Unit.MONEY, 18),
            Column(
                f"new quota ({currency})", "edit_quota", Unit.MONEY, 18, ask=Ask.QUOTA
            ),
            Column("lock book", "edit_lock", Unit.FLAG, 10, ask=Ask.LOCKED_BOOK),
            _reason(),
            *(
                Column(f"{month} ({currency})", month, Unit.MONEY, 16)
                for month in months
            ),
            Column("reason", "reason", Unit.TEXT, 60),
        ),
        rows=rows,
    )


def _compensation(content: Content, currency: str) -> Sheet:
    return Sheet(
        name="Compensation",
        note="Target pay of the planned heads, by team; nobody's own pay.",
        columns=(
            _key("segment", "segment_id"),
            _key("role", "role"),
            _key("month", "month_start", Unit.DATE),
            Column("heads", "heads", Unit.NUMBER),
            Column(f"target pay ({currency})", "target_pay_cents", Unit.MONEY, 18),
            Column(f"of it variable ({currency})", "variable_cents", Unit.MONEY, 18),
        ),
        rows=content["compensation"],
    )


_UNITS: Final = {
    Kind.TEXT: Unit.TEXT,
    Kind.COUNT: Unit.COUNT,
    Kind.CENTS: Unit.MONEY,
    Kind.SHARE: Unit.NUMBER,
    Kind.DATE: Unit.DATE,
    Kind.FLAG: Unit.FLAG,
}


def _plain(component: str, content: Content, currency: str) -> Sheet:
    """Show a component that people only read, as the ledger keeps it."""
    columns = []
    for name, kind in COMPONENTS[component].items():
        unit = _UNITS[kind]
        title = name.removesuffix("_cents").replace("_", " ")
        if unit is Unit.MONEY:
            title = f"{title} ({currency})"
        is_key = name in KEYS[component]
        columns.append(Column(title, name, unit, 18, is_key=is_key))
    return Sheet(
        name=component.title(),
        note=f"The plan's {component} lines, to read.",
        columns=tuple(columns),
        rows=content[component],
    )
