"""Hold edits of a workbook to the policy; every cell that breaks a rule is named."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from data_contracts.calendar import add_months
from data_contracts.money import show
from data_contracts.policy import CompanyPolicy
from pipelines.ledger.overrides import Ask, Override
from pipelines.ledger.records import PlanVersion
from pipelines.publication.sheets import Content, hire_key
from pipelines.publication.workbook_edits import Edit, EditedWorkbook, Fault


def overrides_from(
    workbook: EditedWorkbook,
    plan: PlanVersion,
    content: Content,
    policy: CompanyPolicy,
    *,
    standing: Sequence[Override] = (),
) -> tuple[list[Override], list[Fault]]:
    """Turn edits into overrides, and tell which of them the policy does not allow.

    Parameters
    ----------
    workbook : EditedWorkbook
    plan : PlanVersion
        The version the workbook was exported from.
    content : mapping of component name to frame
        Its lines.
    policy : CompanyPolicy
    standing : sequence of Override, optional
        Those that hold already: a book somebody locked loses no account.

    Returns
    -------
    tuple of list of Override and list of Fault
        All edits as overrides; use them only where there is no fault.
    """
    rules = _Rules(plan, content, policy, workbook.edits, standing)
    faults = rules.frozen()
    for edit in workbook.edits:
        told = rules.told(edit)
        if told is not None:
            faults.append(Fault(edit.place, told))
    faults += rules.crowded() + _contradictions(workbook.edits)
    return (
        [
            Override(
                ask=edit.ask,
                key=_name(edit),
                value=str(edit.value),
                reason=edit.reason,
                version=plan.version,
                until=plan.effective_to,
                place=edit.place,
                source=workbook.source,
            )
            for edit in workbook.edits
        ],
        faults,
    )


class _Rules:
    """What the policy and the version say of each edit."""

    def __init__(
        self,
        plan: PlanVersion,
        content: Content,
        policy: CompanyPolicy,
        edits: Sequence[Edit],
        standing: Iterable[Override],
    ) -> None:
        self._plan, self._policy, self._edits = plan, policy, edits
        quota = content["quota"]
        self._quota_cents = dict(
            quota.group_by("rep_id").agg(pl.col("quota_cents").sum()).iter_rows()
        )
        self._segment_of = dict(quota.select("rep_id", "segment_id").iter_rows())
        books = content["assignment"].sort("valid_from")
        self._owner = dict(books.select("account_id", "rep_id").iter_rows())
        self._account_segment = dict(
            books.select("account_id", "segment_id").iter_rows()
        )
        self._hires = {
            (row[0], row[1], row[2]): row[3]
            for row in content["hire"]
            .select("segment_id", "role", "month_start", "hires_count")
            .iter_rows()
        }
        self._locked = {
            each.key for each in standing if each.ask is Ask.LOCKED_BOOK
        } | {str(edit.key[0]) for edit in edits if edit.ask is Ask.LOCKED_BOOK}

    def frozen(self) -> list[Fault]:
        """Tell of the window that forbids any change on the plan's first day."""
        if not self._edits:
            return []
        return [
            Fault(
                self._edits[0].place,
                f"changes may not take effect from {window.starts_on} to "
                f"{window.ends_on}: {window.why}",
            )
            for window in self._policy.negotiation.freeze_windows
            if window.starts_on <= self._plan.effective_from <= window.ends_on
        ]

    def told(self, edit: Edit) -> str | None:
        """Return the rule an edit breaks by itself, None where it breaks none."""
        if edit.ask is Ask.ACCOUNT_OWNER:
            return self._owner_fault(str(edit.key[0]), str(edit.value))
        if edit.ask is Ask.QUOTA:
            return self._quota_fault(str(edit.key[0]), int(edit.value))
        if edit.ask is Ask.HIRES:
            return self._hire_fault(edit)
        return None

    def crowded(self) -> list[Fault]:
        """Name the edits that together break a limit: full books, busy months."""
        return self._full_books() + self._busy_months()

    def _owner_fault(self, account: str, rep: str) -> str | None:
        rules = self._policy.territories
        owner = self._owner.get(account)
        if rep not in self._segment_of:
            return f"{rep!r} is no rep with a quota in this plan"
        named = rules.named_accounts.get(account)
        if named is not None and named != rep:
            return f"the policy names {named} for account {account}"
        if owner in self._locked and owner != rep:
            return f"the book of {owner} is locked"
        home = self._account_segment.get(account)
        covered = home in self._segment_of.values()
        if "segment" in rules.eligibility and covered and self._segment_of[rep] != home:
            return (
                f"{rep} sells to {self._segment_of[rep]} and the account is {home}; "
                "the policy allows reps of its own segment only"
            )
        return None

    def _quota_fault(self, rep: str, cents: int) -> str | None:
        was = self._quota_cents[rep]
        unit = round(self._policy.quotas.rounding_in_currency * 100)
        most = self._policy.negotiation.max_quota_change_share
        if cents % unit:
            return f"{show(cents)} is no multiple of {show(unit)}"
        if abs(cents - was) > most * was:
            return (
                f"{show(cents)} is {abs(cents - was) / max(was, 1):.0%} away from "
                f"{show(was)}; the policy allows {most:.0%}"
            )
        return None

    def _hire_fault(self, edit: Edit) -> str | None:
        segment, role, month = _team(edit)
        lead = self._policy.capacity.hire_lead_time_months
        first = add_months(self._plan.effective_from, lead)
        more = int(edit.value) > self._hires.get((segment, role, month), 0)
        if more and month < first:
            return f"nobody new starts before {first}: hiring takes {lead} months"
        return None

    def _full_books(self) -> list[Fault]:
        most = self._policy.territories.max_accounts_per_rep_count
        if most is None:
            return []
        size = Counter(self._owner.values())
        faults = []
        for edit in self._edits:
            if edit.ask is not Ask.ACCOUNT_OWNER:
                continue
            account, rep = str(edit.key[0]), str(edit.value)
            size[self._owner.get(account, "")] -= 1
            size[rep] += 1
            if size[rep] > most and self._owner.get(account) != rep:
                faults.append(
                    Fault(
                        edit.place,
                        f"{rep} would own {size[rep]} accounts, the policy allows "
                        f"{most}",
                    )
                )
        return faults

    def _busy_months(self) -> list[Fault]:
        most = self._policy.capacity.max_hires_per_month_count
        starters: Counter[date] = Counter()
        for (_, _, month), count in self._hires.items():
            starters[month] += count
        faults = []
        for edit in self._edits:
            if edit.ask is not Ask.HIRES:
                continue
            segment, role, month = _team(edit)
            change = int(edit.value) - self._hires.get((segment, role, month), 0)
            starters[month] += change
            if change > 0 and starters[month] > most:
                faults.append(
                    Fault(
                        edit.place,
                        f"{starters[month]} people would start in {month:%Y-%m}; the "
                        f"policy allows {most}",
                    )
                )
        return faults


def _contradictions(edits: Iterable[Edit]) -> list[Fault]:
    """Name edits that ask two things of one account: its spells are rows apart."""
    said: dict[tuple[Ask, str], Edit] = {}
    faults = []
    for edit in edits:
        first = said.setdefault((edit.ask, _name(edit)), edit)
        if first.value != edit.value:
            told = f"{first.place} asks for {first.value}, this for {edit.value}"
            faults.append(Fault(edit.place, told))
    return faults


def _team(edit: Edit) -> tuple[str, str, date]:
    segment, role, month = edit.key
    if not isinstance(month, date):
        raise TypeError(f"{month!r} is no month")
    return str(segment), str(role), month


def _name(edit: Edit) -> str:
    return hire_key(*_team(edit)) if edit.ask is Ask.HIRES else str(edit.key[0])
