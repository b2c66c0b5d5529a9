"""A page as sections: one question each, its rows, where they come from, a drawing."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from pipelines.serving.reading import Rows
from pipelines.serving.web.scope import Scope, masked
from pipelines.serving.web.serving import Snapshot, hashable

SHOWN_ROWS: Final = 100
"""Rows of a section on a page; its CSV has them all."""

DRAWN_ROWS: Final = 600
"""Marks of a drawing, from the top of its table; a picture stays small."""

REP_COLUMNS: Final = (
    "rep_id",
    "previous_rep_id",
    "next_best_rep_id",
    "owner_rep_id",
    "manager_rep_id",
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a section's rows look like; its table says the same in words."""

    kind: str  # a name in `charts.KINDS`
    says: str  # what is seen, for who does not see it
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a page."""

    name: str
    title: str
    caption: str
    empty: str
    columns: tuple[str, ...]
    rows: Rows
    total: int
    source: str | None  # link to the rows behind it
    plan_version: int | None
    drawing: Drawing | None
    key: Hashable | None  # same key and same copy, same rows; None: they may change

    @property
    def is_drawn(self) -> bool:
        """Tell whether there is anything to see; bars of nothing are not drawn."""
        if self.drawing is None:
            return False
        if self.drawing.kind == "steps":
            measure = self.drawing.options["measure"]
            return any(row["measure"] == measure for row in self.rows)
        if self.drawing.kind != "bars":
            return True
        value = self.drawing.options["value"]
        return any(row.get(value) or row.get(f"{value}_cents") for row in self.rows)

    @property
    def numbers(self) -> frozenset[str]:
        """Return the columns that are set to the right."""
        return frozenset(
            column
            for column in self.columns
            if any(_is_number(row[column]) for row in self.rows)
        )


@dataclass(frozen=True, slots=True)
class Fact:
    """One number in large type: what, how much, and what it rests on."""

    label: str
    value: str
    note: str
    source: str  # link to the rows behind it


class Page:
    """Collect the sections of one page for one visitor.

    Parameters
    ----------
    snapshot : Snapshot
    scope : Scope
    wanted : str, optional
        Name of the one section asked for as CSV or drawing; others are not run.
    wanted_limit : int or None
        Most rows of the one section asked for; None for all.
    limit : int or None
        Most rows of a section; None for all.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        scope: Scope,
        *,
        wanted: str | None = None,
        wanted_limit: int | None = None,
        limit: int | None = SHOWN_ROWS,
    ) -> None:
        self.snapshot = snapshot
        self.scope = scope
        self.title = ""
        self.lead = ""
        self.facts: list[Fact] = []
        self.sections: list[Section] = []
        self.extra: dict[str, Any] = {}
        self._wanted = wanted
        self._wanted_limit = wanted_limit
        self._limit = limit

    def wants(self, name: str) -> bool:
        """Tell whether a section is asked for."""
        return self._wanted in (None, name)

    def ask(
        self,
        name: str,
        title: str,
        sql: str,
        parameters: Sequence[object] = (),
        *,
        columns: Sequence[str],
        caption: str,
        empty: str,
        source: str | None = None,
        plan_version: int | None = None,
        drawing: Drawing | None = None,
    ) -> None:
        """Add a section whose rows one query gives; it must end in ``order by``."""
        if not self.wants(name):
            return
        limit = self._most
        cut = "" if limit is None else f" limit {limit + 1}"
        rows = self.snapshot.ask(sql + cut, parameters)
        total = len(rows)
        if limit is not None and total > limit:
            rows = rows[:limit]
            counted = self.snapshot.ask(
                # a query of ours; values are parameters
                f"select count(*) as n from ({sql})",  # noqa: S608
                parameters,
            )
            total = int(counted[0]["n"])
        self._add(
            name,
            title,
            rows,
            total,
            columns=columns,
            caption=caption,
            empty=empty,
            source=source,
            plan_version=plan_version,
            drawing=drawing,
            key=(sql, hashable(parameters)),
        )

    def show(
        self,
        name: str,
        title: str,
        rows: Callable[[], Rows],
        *,
        columns: Sequence[str],
        caption: str,
        empty: str,
        source: str | None = None,
        plan_version: int | None = None,
        drawing: Drawing | None = None,
        lasts: Hashable | None = None,
    ) -> None:
        """Add a section whose rows are computed; `rows` is called where it is asked.

        `lasts` names what never changes for this page and scope, such as a plan
        version's lines; its rows are computed once.
        """
        if not self.wants(name):
            return
        key = None if lasts is None else (name, lasts, self.scope.key)
        found = rows() if key is None else self.snapshot.kept.get(key, rows)
        limit = self._most
        self._add(
            name,
            title,
            found if limit is None else found[:limit],
            len(found),
            columns=columns,
            caption=caption,
            empty=empty,
            source=source,
            plan_version=plan_version,
            drawing=drawing,
            key=key,
        )

    @property
    def _most(self) -> int | None:
        """Return how many rows a section gets: all of them for a CSV."""
        return self._limit if self._wanted is None else self._wanted_limit

    def named(self, section: Section) -> dict[str, str]:
        """Return the names of the reps and accounts of a section, by id."""
        found: dict[str, str] = {}
        for table, key, columns in (
            ("core.dim_rep", "rep_id", REP_COLUMNS),
            ("core.dim_account", "account_id", ("account_id",)),
        ):
            ids = {
                row[column]
                for column in columns
                if column in section.columns
                for row in section.rows
                if row[column] is not None
            }
            if ids and self.snapshot.has(table):
                rows = self.snapshot.ask(
                    # both are constants of the loop above
                    f"select {key} as id, name from {table} "  # noqa: S608
                    f"where {key} in (select unnest(?::varchar[]))",
                    [sorted(ids)],
                )
                found |= {row["id"]: row["name"] for row in rows}
        return found

    def labelled(self, section: Section) -> Rows:
        """Return a section's rows with names beside the ids that a drawing shows."""
        options = section.drawing.options if section.drawing else {}
        shown = {*(options.get(one, "") for one in ("label", "by"))} & {*REP_COLUMNS}
        if not shown:
            return section.rows
        names = self.named(section)
        return [
            row
            | {
                column: f"{names[row[column]]} ({row[column]})"
                for column in shown
                if row[column] in names
            }
            for row in section.rows
        ]

    def _add(
        self,
        name: str,
        title: str,
        rows: Rows,
        total: int,
        *,
        columns: Sequence[str],
        caption: str,
        empty: str,
        source: str | None,
        plan_version: int | None,
        drawing: Drawing | None,
        key: Hashable | None,
    ) -> None:
        self.sections.append(
            Section(
                name=name,
                title=title,
                caption=caption,
                empty=empty,
                columns=tuple(columns),
                rows=[masked(row, self.scope) for row in rows]
                if {"value_found", "solver", "measure"} & set(columns)
                else rows,
                total=total,
                source=source,
                plan_version=plan_version,
                drawing=drawing,
                key=key,
            )
        )


def drawn(kind: str, says: str, **options: str) -> Drawing:
    """Return what a section's rows look like."""
    return Drawing(kind, says, options)


def rows_of(table: str, **where: object) -> str:
    """Return the link to the rows of a serving table.

    Examples
    --------
    >>> rows_of("plan.fct_plan_quota", rep_id="R 1")
    '/rows/plan.fct_plan_quota?where=rep_id%3AR+1'
    """
    query = urlencode([("where", f"{name}:{value}") for name, value in where.items()])
    return f"/rows/{table}" + (f"?{query}" if query else "")


def link_of(column: str, value: object) -> str | None:
    """Return the page about a value, None where it has none.

    Examples
    --------
    >>> link_of("previous_rep_id", "a/b"), link_of("reason", "x")
    ('/reps/a%2Fb', None)
    """
    if value is None:
        return None
    if column in REP_COLUMNS:
        return f"/reps/{quote(str(value), safe='')}"
    if column == "account_id":
        return f"/accounts/{quote(str(value), safe='')}"
    if column in ("version", "plan_version", "answered_by_version", "parent_version"):
        return f"/plans/{value}"
    if column == "table":
        return rows_of(str(value))
    if column in ("history", "fan", "rows"):
        return str(value)  # a page of ours, written by the query
    return None


def heading(column: str, currency: str) -> tuple[str, str]:
    """Return a column's heading and its unit.

    Examples
    --------
    >>> heading("quota_cents", "USD"), heading("gap_share", "USD")
    (('quota', 'USD'), ('gap', '%'))
    """
    for ending, unit in _UNITS.items():
        if column.endswith(ending):
            return column.removesuffix(ending).replace("_", " "), unit or currency
    return column.replace("_", " "), ""


_UNITS: Final = {
    "_cents": "",
    "_share": "%",
    "_count": "count",
    "_days": "days",
    "_months": "months",
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
