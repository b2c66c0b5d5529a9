"""Who owns each open opportunity on each day: by account, holdover and leave cover.

A move gives the account to its new owner at once. What was open may stay with the old
owner for a while by the policy's rule, and a colleague covers long leave.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import polars as pl

from data_contracts.handover import Handover, Holdover

ONE_DAY: Final = timedelta(days=1)

OWNED_SCHEMA: Final = {
    "opportunity_id": pl.String,
    "account_id": pl.String,
    "rep_id": pl.String,
    "account_rep_id": pl.String,
    "acting_rep_id": pl.String,
    "rep_share": pl.Float64,
    "is_held": pl.Boolean,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
}


@dataclass(frozen=True, slots=True)
class Open:
    """An opportunity while it is open; `closed_on` is None where it still is."""

    opportunity_id: str
    account_id: str
    created_on: date
    closed_on: date | None
    stage: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Team:
    """What is known of reps: when they left, who manages them, when they are away."""

    left_on: Mapping[str, date]
    manager: Mapping[str, str]
    away: Mapping[str, tuple[tuple[date, date], ...]]

    def is_here(self, rep: str, day: date) -> bool:
        """Tell whether a rep still works on a day; leave does not count."""
        return rep not in self.left_on or self.left_on[rep] > day


@dataclass(frozen=True, slots=True)
class _Spell:
    rep: str
    account_rep: str
    is_held: bool
    first: date
    last: date


def opportunity_owners(
    assignments: pl.DataFrame,
    opportunities: Iterable[Open],
    rule: Handover,
    team: Team,
    *,
    until: date,
) -> pl.DataFrame:
    """Return who owns every opportunity from when to when.

    Parameters
    ----------
    assignments : frame of account_id, rep_id, valid_from, valid_to
        Who owns each account, as `assignments_in_force` returns it.
    opportunities : iterable of Open
    rule : Handover
    team : Team
    until : date
        Last day to tell of.

    Returns
    -------
    frame with the columns of `OWNED_SCHEMA`
        Every opportunity of an account that has an owner is in exactly one row on
        each day from its creation to its close or `until`. ``rep_share`` of its credit
        is `rep_id`'s and the rest `account_rep_id`'s; ``acting_rep_id`` does the work.
    """
    by_account: dict[str, list[tuple[str, date, date]]] = {}
    columns = ("account_id", "rep_id", "valid_from", "valid_to")
    for account, rep, first, last in (
        assignments.sort("account_id", "valid_from").select(columns).iter_rows()
    ):
        by_account.setdefault(account, []).append((rep, first, last or until))
    held = _held(list(opportunities), by_account, rule.holdover, team, until)
    rows = []
    for opportunity, spells in held:
        for spell in spells:
            for part, acting in _covered(spell, rule, team):
                share = rule.holdover.old_owner_share if part.is_held else 1.0
                rows.append(
                    (
                        opportunity.opportunity_id,
                        opportunity.account_id,
                        part.rep,
                        part.account_rep,
                        acting,
                        share,
                        part.is_held,
                        part.first,
                        part.last,
                    )
                )
    return pl.DataFrame(rows, schema=OWNED_SCHEMA, orient="row").sort(
        "opportunity_id", "valid_from"
    )


def _held(
    opportunities: list[Open],
    by_account: Mapping[str, list[tuple[str, date, date]]],
    rule: Holdover,
    team: Team,
    until: date,
) -> list[tuple[Open, list[_Spell]]]:
    """Walk every opportunity through its account's moves, in order of their days."""
    holds = _Holds(rule, team)
    told: dict[str, list[_Spell]] = {}
    moves: list[tuple[date, int, Open, str, str, date]] = []
    for opportunity in opportunities:
        end = min(opportunity.closed_on or until, until)
        spells = [
            (rep, max(first, opportunity.created_on), min(last, end))
            for rep, first, last in by_account.get(opportunity.account_id, [])
            if first <= end and last >= opportunity.created_on
        ]
        told[opportunity.opportunity_id] = [
            _Spell(rep, rep, False, first, last) for rep, first, last in spells
        ]
        for (old, _, gone), (new, starts, _) in pairwise(spells):
            if old != new and starts == gone + ONE_DAY:
                size = -opportunity.amount_cents
                moves.append((starts, size, opportunity, old, new, end))
    # the cap is by old owner and day: the largest first, then by name
    for starts, _, opportunity, old, _, end in sorted(
        moves, key=lambda move: (move[0], move[1], move[2].opportunity_id)
    ):
        mine = told[opportunity.opportunity_id]
        holder = _on(mine, starts - ONE_DAY)
        last = holds.until(opportunity, holder.rep if holder else old, starts, end)
        if last is not None and holder is not None:
            told[opportunity.opportunity_id] = _with_hold(mine, holder, starts, last)
    return [
        (each, _merged(_with_fallback(told[each.opportunity_id], rule, team)))
        for each in opportunities
    ]


class _Holds:
    """How many opportunities every old owner holds, and until when."""

    def __init__(self, rule: Holdover, team: Team) -> None:
        self._rule, self._team = rule, team
        self._ends: dict[str, dict[str, date]] = {}

    def until(
        self, opportunity: Open, old: str, starts: date, end: date
    ) -> date | None:
        """Return the last day an opportunity is held from a move on, None for not."""
        rule, mine = self._rule, self._ends.setdefault(old, {})
        already = mine.get(opportunity.opportunity_id)
        if already is not None and already >= starts:
            return already  # moved again while held: the first clock runs on
        held = sum(last >= starts for last in mine.values())
        is_refused = (
            rule.expires_after_days == 0
            or (rule.stages and opportunity.stage not in rule.stages)
            or (starts - opportunity.created_on).days < rule.min_open_days
            or not self._team.is_here(old, starts)
            or (
                rule.max_held_per_rep_count is not None
                and held >= rule.max_held_per_rep_count
            )
        )
        if is_refused:
            return None
        last = min(starts + timedelta(days=rule.expires_after_days - 1), end)
        left = self._team.left_on.get(old)
        last = min(last, left - ONE_DAY) if left is not None else last
        mine[opportunity.opportunity_id] = last
        return last


def _with_hold(
    spells: list[_Spell], holder: _Spell, starts: date, last: date
) -> list[_Spell]:
    """Put the old owner in place of the new ones from a day to a day."""
    kept: list[_Spell] = []
    for spell in spells:
        if spell.last < starts or spell.first > last:
            kept.append(spell)
            continue
        if spell.first < starts:
            kept.append(replace(spell, last=starts - ONE_DAY))
        kept.append(
            _Spell(
                holder.rep,
                spell.account_rep,
                holder.rep != spell.account_rep,
                max(spell.first, starts),
                min(spell.last, last),
            )
        )
        if spell.last > last:
            kept.append(replace(spell, first=last + ONE_DAY))
    return kept


def _with_fallback(spells: list[_Spell], rule: Holdover, team: Team) -> list[_Spell]:
    """Where the rule says so, give what a holder leaves behind to their manager."""
    if rule.fallback == "account_owner":
        return spells
    found: list[_Spell] = []
    for spell in spells:
        before = found[-1] if found else None
        manager = team.manager.get(before.rep) if before is not None else None
        is_left = (
            before is not None
            and before.is_held
            and not spell.is_held
            and before.rep != spell.account_rep
        )
        if is_left and manager is not None and team.is_here(manager, spell.first):
            found.append(replace(spell, rep=manager))
        else:
            found.append(spell)
    return found


def _covered(spell: _Spell, rule: Handover, team: Team) -> Iterable[tuple[_Spell, str]]:
    """Cut a spell where its owner goes on long leave; yield who does the work."""
    manager = team.manager.get(spell.rep)
    first = spell.first
    leaves = team.away.get(spell.rep, ()) if rule.leave_cover == "manager" else ()
    for start, end in sorted(leaves):
        is_long = (end - start).days + 1 >= rule.leave_cover_min_days
        begins, ends = max(start, first), min(end, spell.last)
        if manager is None or not is_long or begins > ends:
            continue
        if begins > first:
            yield replace(spell, first=first, last=begins - ONE_DAY), spell.rep
        yield replace(spell, first=begins, last=ends), manager
        first = ends + ONE_DAY
    if first <= spell.last:
        yield replace(spell, first=first), spell.rep


def _on(spells: list[_Spell], day: date) -> _Spell | None:
    return next((each for each in spells if each.first <= day <= each.last), None)


def _merged(spells: list[_Spell]) -> list[_Spell]:
    merged: list[_Spell] = []
    for spell in spells:
        last = merged[-1] if merged else None
        if (
            last is not None
            and (last.rep, last.account_rep) == (spell.rep, spell.account_rep)
            and last.is_held == spell.is_held
            and last.last + ONE_DAY == spell.first
        ):
            merged[-1] = replace(last, last=spell.last)
        else:
            merged.append(spell)
    return merged
