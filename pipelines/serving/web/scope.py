"""Which rows a visitor may see: their branch of the reporting tree, pay or not."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from data_contracts.contract import all_contracts
from data_contracts.errors import AopError
from pipelines.serving.web.roles import Visitor
from pipelines.serving.web.serving import Column, Snapshot

REP_COLUMNS: Final = ("rep_id", "owner_rep_id")
"""Columns that say whose branch a row belongs to."""

PAY_WORDS: Final = ("compensation", "_pay", "payout")
"""Tables with one of these in their name hold pay."""

HIDDEN: Final = "(hidden)"


class NotYoursError(AopError):
    """Somebody asked for what their role does not show."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows of one visitor on one night.

    `reps` is None for the whole company, else the rep ids of the branch: the
    visitor's own place in the tree and everybody beneath it that night.
    """

    visitor: Visitor
    reps: tuple[str, ...] | None

    @property
    def is_whole(self) -> bool:
        """Tell whether every branch is shown."""
        return self.reps is None

    def require_whole(self, what: str) -> None:
        """Refuse company-wide figures to somebody who sees one branch.

        Raises
        ------
        NotYoursError
            If the scope is a branch.
        """
        if not self.is_whole:
            raise NotYoursError(
                f"{what} is about the whole company; a {self.visitor.role} sees "
                "their own branch",
                fix="ask an admin for the role of viewer, or open your own page",
            )

    def require_pay(self, what: str) -> None:
        """Refuse pay to whose role does not say so.

        Raises
        ------
        NotYoursError
            If pay is not the visitor's to see.
        """
        if not self.visitor.sees_pay:
            raise NotYoursError(
                f"{what} is about pay, which a {self.visitor.role} does not see",
                fix="ask a planner for the figure you need",
            )

    def holds(self, rep_id: str | None) -> bool:
        """Tell whether a rep belongs to the scope."""
        return self.reps is None or rep_id in self.reps

    @property
    def key(self) -> Hashable:
        """Return what tells this scope's rows from another's; for caches."""
        return self.reps, self.visitor.role

    @property
    def values(self) -> list[object]:
        """Return the two parameters of ``(? or list_contains(?::varchar[], rep))``."""
        return [self.is_whole, list(self.reps or ())]


def scope_of(visitor: Visitor, snapshot: Snapshot, on: date | None = None) -> Scope:
    """Return what a visitor sees on the night of a snapshot, or on another day of it.

    Parameters
    ----------
    on : date, optional
        Day whose reporting tree counts; the night's own by default. Where the copy
        does not tell who led whom that day, tonight's word stands in.
    """
    if visitor.sees_whole_company:
        return Scope(visitor, None)
    if visitor.rep_id is None:
        return Scope(visitor, ())
    root = visitor.rep_id
    return Scope(
        visitor,
        snapshot.kept.get(
            ("branch", root, on), lambda: branch(root, _managers(snapshot, on))
        ),
    )


def _managers(snapshot: Snapshot, on: date | None) -> dict[str, str | None]:
    found = snapshot.ask("select rep_id, manager_rep_id from core.dim_rep")
    managers = {row["rep_id"]: row["manager_rep_id"] for row in found}
    told = snapshot.catalog.get("core.dim_rep_history", ())
    if on is not None and any(column.name == "manager_rep_id" for column in told):
        then = snapshot.ask(
            """
            select rep_id, manager_rep_id from core.dim_rep_history
            where
                known_to is null and valid_from <= ?
                and coalesce(valid_to, date '9999-12-31') >= ?
            order by rep_id, valid_from
            """,
            [on, on],
        )
        managers |= {row["rep_id"]: row["manager_rep_id"] for row in then}
    return managers


def branch(root: str, managers: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return a person and everybody beneath them, sorted.

    Parameters
    ----------
    root : str
        Where the branch begins; need not be a rep itself.
    managers : mapping of rep id to the id of their manager
        A ring in it ends where it began.

    Examples
    --------
    >>> branch("M", {"A": "M", "B": "A", "C": "X", "X": "C"})
    ('A', 'B', 'M')
    """
    beneath: dict[str, list[str]] = {}
    for rep, manager in managers.items():
        if manager is not None:
            beneath.setdefault(manager, []).append(rep)
    found, waiting = {root}, [root]
    while waiting:
        for rep in beneath.get(waiting.pop(), []):
            if rep not in found:
                found.add(rep)
                waiting.append(rep)
    return tuple(sorted(found))


def is_pay(table: str) -> bool:
    """Tell whether a table holds pay.

    Examples
    --------
    >>> is_pay("plan.fct_plan_compensation"), is_pay("plan.fct_plan_quota")
    (True, False)
    """
    return any(word in table for word in PAY_WORDS)


def table_scope(
    table: str, columns: Iterable[Column], scope: Scope
) -> tuple[str, list[object]]:
    """Return the condition that keeps a serving table to a scope.

    A table with a rep keeps the rows of the branch; one with an account keeps the
    accounts the branch owns; one with neither is about the whole company.

    Raises
    ------
    NotYoursError
        If it holds pay, or the whole company's figures, and the scope does not.
    """
    if is_pay(table):
        scope.require_pay(table)
    if scope.is_whole:
        return "true", []
    names = {column.name for column in columns}
    for name in REP_COLUMNS:
        if name in names:
            return f'(? or list_contains(?::varchar[], "{name}"))', scope.values
    if "account_id" in names:
        return _OF_ACCOUNTS, scope.values
    scope.require_whole(table)
    return "false", []


_OF_ACCOUNTS: Final = """account_id in (
    select account_id from core.dim_account
    where (? or list_contains(?::varchar[], owner_rep_id))
)"""


def masked(row: Mapping[str, object], scope: Scope) -> dict[str, object]:
    """Return a row without what is pay or personal in it.

    That is a refused value of such a column (a rule that speaks of no single column
    may show any value of its row), what a proof says pay comes to, and what a scenario
    makes of it.
    """
    found = dict(row)
    if scope.visitor.sees_pay:
        return found
    if row.get("solver") == "compensation":
        for column in ("statement", "objective", "bound"):
            if column in found:
                found[column] = HIDDEN if column == "statement" else None
    if is_pay(str(row.get("measure", ""))):
        found |= dict.fromkeys({"change", "value_after", "scenario_value"} & set(row))
    if "value_found" not in row:
        return found
    columns = _sensitive().get(str(row.get("contract")), frozenset())
    if columns and row.get("column_name") in (*columns, None):
        found["value_found"] = HIDDEN
    return found


@cache
def _sensitive() -> dict[str, frozenset[str]]:
    """Return the columns of each contract that are pay or personal."""
    return {
        contract.id: frozenset(
            column.name
            for column in contract.columns
            if column.classification != "internal"
        )
        for contract in all_contracts()
    }
