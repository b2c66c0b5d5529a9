"""Write a plan version as a workbook people can work in: locked but for their edits.

Only the writing; ``workbook_edits`` takes edits back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

from data_contracts.errors import WorkbookError
from pipelines.files import replacing
from pipelines.ledger.records import PlanVersion
from pipelines.publication.sheets import (
    FORMAT,
    HEADER_ROW,
    LISTS,
    LONGEST_TEXT,
    PASSPORT,
    SUMMARY,
    Column,
    Content,
    Sheet,
    Unit,
    plan_sheets,
)

MOST_ROWS: Final = 1_048_576 - HEADER_ROW - 1
"""What a sheet can hold below its titles."""

_NUMBERS: Final = {
    Unit.TEXT: "@",
    Unit.MONEY: "#,##0.00",
    Unit.NUMBER: "#,##0.00",
    Unit.COUNT: "#,##0",
    Unit.DATE: "yyyy-mm-dd",
    Unit.FLAG: "@",
}


@dataclass(frozen=True, slots=True)
class Workbook:
    """What was written where."""

    path: Path
    version: int
    rows: dict[str, int]  # by sheet


def write_workbook(
    path: Path,
    plan: PlanVersion,
    content: Content,
    *,
    currency: str,
    changes: Sequence[dict[str, Any]] = (),
) -> Workbook:
    """Write one version as a workbook, whole or not at all.

    Parameters
    ----------
    path : Path
        File to write, ``.xlsx``.
    plan : PlanVersion
    content : mapping of component name to frame
        Its lines, in canonical form.
    currency : str
        ISO code of every amount.
    changes : sequence of dict, optional
        What differs from the version before: ``component, what, old, new, reason``.

    Returns
    -------
    Workbook
        The same version gives the same bytes. Every cell is a value: text that looks
        like a formula stays text.

    Raises
    ------
    WorkbookError
        If a component has more lines than a sheet has rows.
    """
    sheets = plan_sheets(content, currency)
    for sheet in sheets:
        if sheet.rows.height > MOST_ROWS:
            raise WorkbookError(
                f"sheet {sheet.name} would have {sheet.rows.height} rows, more than "
                f"{MOST_ROWS}",
                fix="read the plan in the serving copy instead: serving/aop.duckdb",
            )
    reps = content["quota"]["rep_id"].unique().sort().to_list()
    # the file format has no zones; a fixed moment keeps the bytes the same
    created = datetime(plan.as_of.year, plan.as_of.month, plan.as_of.day)  # noqa: DTZ001
    with (
        replacing(path) as temporary,
        xlsxwriter.Workbook(str(temporary), {"constant_memory": True}) as book,
    ):
        book.set_properties({"title": plan.title, "created": created})
        writer = _Writer(book)
        writer.summary(plan, content, currency, changes)
        for sheet in sheets:
            writer.sheet(sheet, reps)
        writer.lists(reps)
        writer.passport(plan, sheets)
    return Workbook(path, plan.version, {s.name: s.rows.height for s in sheets})


class _Writer:
    """One workbook being written, with its formats."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._note = book.add_format({"italic": True, "font_color": "#555555"})
        self._head = book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self._open_head = book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "bg_color": "#FFF2CC"}
        )
        self._locked = {
            unit: book.add_format({"num_format": code})
            for unit, code in _NUMBERS.items()
        }
        self._open = {
            unit: book.add_format(
                {"num_format": code, "locked": False, "bg_color": "#FFFBEB"}
            )
            for unit, code in _NUMBERS.items()
        }
        self._changed = book.add_format({"bg_color": "#FCE4D6"})
        self._edited = book.add_format({"bg_color": "#F8CBAD", "bold": True})

    def sheet(self, sheet: Sheet, reps: Sequence[str]) -> None:
        """Write one component: note, titles, rows, locks, lists and highlights."""
        page = self._book.add_worksheet(sheet.name)
        for place, column in enumerate(sheet.columns):
            shape = self._open if column.is_open else self._locked
            page.set_column(place, place, column.width, shape[column.unit])
        page.write_string(0, 0, sheet.note, self._note)
        for place, column in enumerate(sheet.columns):
            head = self._open_head if column.is_open else self._head
            page.write_string(HEADER_ROW, place, column.title, head)
        values = [_cells(sheet.rows, column) for column in sheet.columns]
        for row in range(sheet.rows.height):
            for place, column in enumerate(sheet.columns):
                self._cell(
                    page, HEADER_ROW + 1 + row, place, column, values[place][row]
                )
        last = HEADER_ROW + max(sheet.rows.height, 1)
        page.freeze_panes(HEADER_ROW + 1, len(sheet.keys))
        page.autofilter(HEADER_ROW, 0, last, len(sheet.columns) - 1)
        page.protect("", {"autofilter": True, "sort": True, "format_columns": True})
        self._helps(page, sheet, last, len(reps))

    def _cell(
        self, page: Any, row: int, place: int, column: Column, value: Any
    ) -> None:
        if value is None:
            if column.is_open:
                page.write_blank(row, place, None, self._open[column.unit])
            return
        shape = self._locked[column.unit]
        if column.unit is Unit.DATE:
            page.write_datetime(row, place, value, shape)
        elif column.unit in (Unit.TEXT, Unit.FLAG):
            page.write_string(row, place, value, shape)
        else:
            page.write_number(row, place, value, shape)

    def _helps(self, page: Any, sheet: Sheet, last: int, n_reps: int) -> None:
        """Validate what people write, and paint what is edited or moves."""
        first = HEADER_ROW + 1
        for place, column in enumerate(sheet.columns):
            rule = _validation(column, n_reps)
            if rule is not None:
                page.data_validation(first, place, last, place, rule)
            if column.ask is not None:
                page.conditional_format(
                    first,
                    place,
                    last,
                    place,
                    {"type": "no_blanks", "format": self._edited},
                )
            if column.name == "is_moved":
                page.conditional_format(
                    first,
                    place,
                    last,
                    place,
                    {
                        "type": "cell",
                        "criteria": "==",
                        "value": '"yes"',
                        "format": self._changed,
                    },
                )

    def summary(
        self,
        plan: PlanVersion,
        content: Content,
        currency: str,
        changes: Sequence[dict[str, Any]],
    ) -> None:
        """Write who, what and how much, by month with charts, and what changed."""
        page = self._book.add_worksheet(SUMMARY)
        page.set_column(0, 0, 24)
        page.set_column(1, 5, 20)
        page.write_string(0, 0, plan.title, self._title)
        facts = {
            "version": f"{plan.version} ({plan.state})",
            "holds": f"{plan.effective_from} to {plan.effective_to}",
            "made from": f"the night of {plan.as_of}",
            "why": plan.why,
            "amounts in": currency,
        }
        for row, (name, value) in enumerate(facts.items(), start=1):
            page.write_string(row, 0, name, self._head)
            page.write_string(row, 1, value)
        top = len(facts) + 2
        months = _by_month(content)
        titles = ("month", "target", "quota", "capacity", "target pay", "hires")
        for place, title in enumerate(titles):
            page.write_string(top, place, title, self._head)
        for row, line in enumerate(months.iter_rows(), start=top + 1):
            page.write_datetime(row, 0, line[0], self._locked[Unit.DATE])
            for place, value in enumerate(line[1:5], start=1):
                page.write_number(row, place, value / 100, self._locked[Unit.MONEY])
            page.write_number(row, 5, line[5], self._locked[Unit.COUNT])
        last = top + months.height
        self._changes(page, last + 3, changes)
        self._charts(page, top, last, currency)
        page.protect("", {"autofilter": True, "format_columns": True})

    def _changes(self, page: Any, top: int, changes: Sequence[dict[str, Any]]) -> None:
        shown = changes[:2000]
        told = f"What it changes ({len(changes)} lines"
        told += f", first {len(shown)} shown)" if len(shown) < len(changes) else ")"
        page.write_string(top, 0, told, self._title)
        columns = ("component", "what", "old", "new", "reason")
        for place, title in enumerate(columns):
            page.write_string(top + 1, place, title, self._head)
        for row, change in enumerate(shown, start=top + 2):
            for place, name in enumerate(columns):
                paint = self._changed if name == "new" else None
                page.write_string(row, place, str(change[name] or ""), paint)

    def _charts(self, page: Any, top: int, last: int, currency: str) -> None:
        for number, (title, kind, places) in enumerate(
            (
                (
                    f"Target, quota and capacity by month ({currency})",
                    "line",
                    (1, 2, 3),
                ),
                (f"Target pay by month ({currency})", "column", (4,)),
            )
        ):
            chart = self._book.add_chart({"type": kind})
            for place in places:
                chart.add_series(
                    {
                        "name": [SUMMARY, top, place],
                        "categories": [SUMMARY, top + 1, 0, last, 0],
                        "values": [SUMMARY, top + 1, place, last, place],
                    }
                )
            chart.set_title({"name": title})
            chart.set_x_axis({"num_format": "mmm yy"})
            chart.set_y_axis({"num_format": "#,##0"})
            page.insert_chart(1 + 16 * number, 7, chart, {"description": title})

    def lists(self, reps: Sequence[str]) -> None:
        """Write the values that lists of choices read."""
        page = self._book.add_worksheet(LISTS)
        for row, rep in enumerate(reps):
            page.write_string(row, 0, rep)
        page.hide()

    def passport(self, plan: PlanVersion, sheets: Sequence[Sheet]) -> None:
        """Write which version this is, so that no other one takes the edits."""
        page = self._book.add_worksheet(PASSPORT)
        facts = [
            ("format", str(FORMAT)),
            ("version", str(plan.version)),
            ("content_hash", plan.content_hash),
            *((sheet.name, str(sheet.rows.height)) for sheet in sheets),
        ]
        for row, (name, value) in enumerate(facts):
            page.write_string(row, 0, name)
            page.write_string(row, 1, value)
        page.very_hidden()


def _cells(rows: pl.DataFrame, column: Column) -> list[Any]:
    """Return what the cells of a column show, top to bottom."""
    if column.is_open:
        return [None] * rows.height
    values = rows.get_column(column.name)
    if column.unit is Unit.MONEY:
        return (values / 100).to_list()
    if column.unit is Unit.FLAG:
        words = {True: "yes", False: "", None: None}
        return [words[value] for value in values.to_list()]
    if column.unit is Unit.TEXT:
        return values.str.slice(0, LONGEST_TEXT).to_list()
    return values.to_list()


def _validation(column: Column, n_reps: int) -> dict[str, Any] | None:
    """Return what a spreadsheet program lets people write in an open column."""
    if column.name == "edit_owner":
        choices = f"={LISTS}!$A$1:$A${max(n_reps, 1)}"
        return {
            "validate": "list",
            "source": choices,
            "error_message": "Choose a rep of this plan.",
        }
    if column.unit is Unit.MONEY and column.is_open:
        return {
            "validate": "decimal",
            "criteria": ">=",
            "value": 0,
            "error_message": "Write an amount of money, 0 or more.",
        }
    if column.unit is Unit.COUNT and column.is_open:
        return {
            "validate": "integer",
            "criteria": "between",
            "minimum": 0,
            "maximum": 9999,
            "error_message": "Write a whole number of people.",
        }
    if column.unit is Unit.FLAG and column.is_open:
        return {"validate": "list", "source": ["yes"]}
    return None


def _by_month(content: Content) -> pl.DataFrame:
    """Return target, quota, capacity, pay in cents and hires by month, sorted."""
    company = content["target"].filter(pl.col("node_level") == "company")

    def summed(frame: pl.DataFrame, value: str, name: str) -> pl.DataFrame:
        return frame.group_by("month_start").agg(pl.col(value).sum().alias(name))

    parts = [
        summed(
            company.filter(pl.col("measure") == "bookings"), "value_cents", "target"
        ),
        summed(content["quota"], "quota_cents", "quota"),
        summed(content["capacity"], "capacity_cents", "capacity"),
        summed(content["compensation"], "target_pay_cents", "pay"),
        summed(content["hire"], "hires_count", "hires"),
    ]
    months = pl.concat([part.select("month_start") for part in parts]).unique()
    for part in parts:
        months = months.join(part, on="month_start", how="left")
    return months.fill_null(0).sort("month_start")
