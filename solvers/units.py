"""Merge accounts into units that move together, and cut problems that do not touch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from solvers.instance import Instance
from solvers.pairs import Pairs
from solvers.violation import Violation, ViolationKind


@dataclass(frozen=True, slots=True)
class Units:
    """What can still be decided, and what is decided already."""

    fixed_rep: NDArray[np.intp]  # (n_accounts,) rep decided by rule; -1 free; -2 nobody
    unit_of_account: NDArray[np.intp]  # (n_accounts,) -1 where fixed
    member_start: NDArray[np.intp]  # (n_units + 1,)
    member: NDArray[np.intp]  # accounts of all units
    kind_of_unit: NDArray[np.intp]  # (n_units,) row of kind_allows
    kind_allows: NDArray[np.bool_]  # (n_kinds, n_reps)
    fixed_load: NDArray[np.float64]  # (n_reps, n_metrics) load of fixed accounts
    faults: tuple[Violation, ...]  # rules that contradict each other

    @property
    def n_units(self) -> int:
        """Return the number of free units."""
        return int(self.member_start.size - 1)


@dataclass(frozen=True, slots=True)
class Part:
    """One independent piece: its units and reps touch no other piece."""

    units: NDArray[np.intp]  # rows in Units
    reps: NDArray[np.intp]  # columns in Instance
    pairs: Pairs
    lower: NDArray[np.float64]  # (n_reps, n_metrics) room left after fixed accounts
    upper: NDArray[np.float64]
    budget: float  # disruption left; inf for none


def eligible_rows(instance: Instance, accounts: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return who may own each of the accounts, blocked pairs taken out."""
    rows = instance.class_allows[instance.class_of_account[accounts]]
    if instance.blocked.size and accounts.size:
        place = np.full(instance.n_accounts, -1, dtype=np.intp)
        place[accounts] = np.arange(accounts.size)
        hit = place[instance.blocked[:, 0]] >= 0
        rows[place[instance.blocked[hit, 0]], instance.blocked[hit, 1]] = False
    return rows


def merge(instance: Instance) -> Units:
    """Fix what rules decide, join families, and list rules that contradict.

    Returns
    -------
    Units
        Faults are empty when pins, locks, blocks, families and eligibility agree.
        Where they do not, the more personal rule wins: pin, then lock, then family.
    """
    fixed, faults = _fixed_by_rule(instance)
    fixed, leads, more = _join_families(instance, fixed)
    faults += more
    free = np.flatnonzero(fixed == -1)
    _, unit = np.unique(leads[free], return_inverse=True)
    order = np.argsort(unit, kind="stable")
    member = free[order]
    count = np.bincount(unit, minlength=int(unit.max(initial=-1)) + 1)
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.intp)
    kind, allows = _kinds(instance, member, start)
    lonely = np.asarray(~allows.any(axis=1))
    if lonely[kind].any():
        members_of = np.repeat(np.arange(count.size), count)
        nobody = member[lonely[kind][members_of]]
        first_in_family = {
            int(instance.family[a]) for a in nobody if instance.family[a] >= 0
        }
        alone = [int(a) for a in nobody if count[members_of[member == a][0]] == 1]
        faults += _no_rep_faults(instance, alone)
        faults += [
            Violation(
                ViolationKind.FAMILY,
                f"family {name}: its accounts have no eligible rep in common",
                "split the family, or widen coverage for its members",
            )
            for name in sorted(first_in_family)
        ]
        fixed = fixed.copy()
        fixed[nobody] = -2
        keep = ~lonely[kind]
        member = member[keep[members_of]]
        start = np.concatenate([[0], np.cumsum(count[keep])]).astype(np.intp)
        kind = kind[keep]
    load = np.zeros_like(instance.lower)
    held = fixed >= 0
    np.add.at(load, fixed[held], instance.load[held])
    unit_of = np.full(instance.n_accounts, -1, dtype=np.intp)
    unit_of[member] = np.repeat(np.arange(start.size - 1), np.diff(start))
    return Units(fixed, unit_of, start, member, kind, allows, load, tuple(faults))


def _fixed_by_rule(
    instance: Instance,
) -> tuple[NDArray[np.intp], list[Violation]]:
    """Return the rep that scope, lock or pin decides, and contradictions among them."""
    current, pinned = instance.current_rep, instance.pinned_rep
    fixed = np.where(instance.is_locked, current, -1)
    faults = [
        Violation(
            ViolationKind.PIN,
            f"account {instance.account_ids[a]} is pinned to a rep who is not on the "
            "roster",
            "remove the pin, or name a rep who is on board",
        )
        for a in np.flatnonzero(instance.is_in_scope & (pinned == -2))
    ]
    both = instance.is_in_scope & instance.is_locked & (pinned >= 0)
    faults += [
        Violation(
            ViolationKind.PIN,
            f"account {instance.account_ids[a]} is locked to rep "
            f"{instance.rep_ids[current[a]]} and pinned to rep "
            f"{instance.rep_ids[pinned[a]]}",
            "remove the lock or the pin",
        )
        for a in np.flatnonzero(both & (pinned != current))
    ]
    fixed = np.where(pinned >= 0, pinned, fixed)
    asked = np.flatnonzero((fixed >= 0) & instance.is_in_scope)
    may = eligible_rows(instance, asked)[np.arange(asked.size), fixed[asked]]
    for a in asked[~may]:
        word, noun = ("pinned", "pin") if pinned[a] >= 0 else ("locked", "lock")
        faults.append(
            Violation(
                ViolationKind.PIN,
                f"account {instance.account_ids[a]} is {word} to rep "
                f"{instance.rep_ids[fixed[a]]}, who may not own it",
                f"remove the {noun}, or widen the rep's segment and skills",
            )
        )
    return np.where(instance.is_in_scope, fixed, current).astype(np.intp), faults


def _join_families(
    instance: Instance, fixed: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], list[Violation]]:
    """Let a fixed member fix its family; return each account's leading member too."""
    leads = np.arange(instance.n_accounts)
    faults: list[Violation] = []
    inside = np.flatnonzero(instance.family >= 0)
    if inside.size == 0:
        return fixed, leads, faults
    _, group = np.unique(instance.family[inside], return_inverse=True)
    first = np.full(int(group.max()) + 1, instance.n_accounts)
    np.minimum.at(first, group, inside)
    leads[inside] = first[group]
    held = fixed[inside] >= 0
    least = np.full(first.size, instance.n_reps)
    most = np.full(first.size, -1)
    np.minimum.at(least, group[held], fixed[inside[held]])
    np.maximum.at(most, group[held], fixed[inside[held]])
    torn = (most >= 0) & (least < most)
    asked = np.zeros(first.size, dtype=bool)
    np.logical_or.at(asked, group, instance.is_in_scope[inside])
    for g in np.flatnonzero(torn & asked):
        name = instance.family[first[g]]
        faults.append(
            Violation(
                ViolationKind.FAMILY,
                f"family {name} is pinned or locked to rep "
                f"{instance.rep_ids[least[g]]} and rep {instance.rep_ids[most[g]]}",
                "pin the whole family to one rep, or split the family",
            )
        )
    follow = ~held & (most[group] >= 0)
    result = fixed.copy()
    result[inside[follow]] = least[group[follow]]
    may = eligible_rows(instance, inside[follow])
    wrong = ~may[np.arange(may.shape[0]), result[inside[follow]]]
    faults.extend(
        Violation(
            ViolationKind.FAMILY,
            f"account {instance.account_ids[a]} must follow its family to rep "
            f"{instance.rep_ids[result[a]]}, who may not own it",
            "take the account out of the family, or widen the rep's segment",
        )
        for a in inside[follow][wrong]
    )
    return result, leads, faults


def _no_rep_faults(instance: Instance, accounts: list[int]) -> list[Violation]:
    """Say per segment and class which accounts nobody may own."""
    faults = []
    rows = np.array(accounts, dtype=np.intp)
    for kind in np.unique(instance.class_of_account[rows]) if rows.size else []:
        some = rows[instance.class_of_account[rows] == kind]
        segment = instance.segment_of_account[some[0]]
        faults.append(
            Violation(
                ViolationKind.UNASSIGNED,
                f"{some.size} accounts of segment {segment} have no eligible rep, "
                f"first {instance.account_ids[some[0]]}",
                "open a seat in that segment, or widen who may cover it",
            )
        )
    return faults


def _kinds(
    instance: Instance, member: NDArray[np.intp], start: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return each unit's eligibility row; equal rows are shared."""
    n_units = start.size - 1
    if n_units == 0:
        return np.empty(0, np.intp), np.zeros((0, instance.n_reps), dtype=bool)
    classes = instance.class_of_account[member]
    low = np.minimum.reduceat(classes, start[:-1])
    high = np.maximum.reduceat(classes, start[:-1])
    unit_of = np.repeat(np.arange(n_units), np.diff(start))
    special = low != high
    if instance.blocked.size:
        place = np.full(instance.n_accounts, -1, dtype=np.intp)
        place[member] = unit_of
        hit = place[instance.blocked[:, 0]]
        special[hit[hit >= 0]] = True
    if not special.any():
        return low.astype(np.intp), instance.class_allows
    rows = eligible_rows(instance, member[special[unit_of]])
    sizes = np.diff(start)[special]
    heads = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
    joint = np.logical_and.reduceat(rows, heads, axis=0)
    packed = np.packbits(joint, axis=1)
    _, where, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    kind = low.astype(np.intp)
    kind[special] = instance.class_allows.shape[0] + which.reshape(-1)
    return kind, np.concatenate([instance.class_allows, joint[where]])


def parts(
    instance: Instance,
    units: Units,
    *,
    move_price: float = 1.0,
    only_moves: bool = False,
    flat_move_cents: float | None = None,
) -> list[Part]:
    """Cut the free units into pieces that share no rep.

    Parameters
    ----------
    instance, units : Instance, Units
        The question and what is left to decide.
    move_price : float, >= 0
        Multiplies every move cost, rounded to whole cents.
    only_moves : bool
        Replace all costs by 1 per account that changes hands, for a proven minimum.
    flat_move_cents : float or None
        Replaces every move cost, travel kept: many times any travel to move the least.

    Returns
    -------
    list of Part
        In order of their first rep. One part when a disruption budget couples all.
    """
    if units.n_units == 0:
        return []
    used = np.unique(units.kind_of_unit)
    where_kind, where_rep = np.nonzero(units.kind_allows[used])
    n = used.size
    graph = coo_matrix(
        (np.ones(where_kind.size), (where_kind, n + where_rep)),
        shape=(n + instance.n_reps, n + instance.n_reps),
    )
    _, label = connected_components(graph, directed=False)
    if np.isfinite(instance.disruption_budget):
        label[:] = 0
    label_of_unit = np.full(units.kind_allows.shape[0], -1)
    label_of_unit[used] = label[:n]
    label_of_unit = label_of_unit[units.kind_of_unit]
    rep_label = label[n:]
    has_units = set(label_of_unit.tolist())
    touched = [c for c in dict.fromkeys(rep_label.tolist()) if c in has_units]
    return [
        _part(
            instance,
            units,
            np.flatnonzero(label_of_unit == c),
            np.flatnonzero(rep_label == c),
            _move_prices(instance, move_price, only_moves, flat_move_cents),
            only_moves,
        )
        for c in touched
    ]


def _move_prices(
    instance: Instance,
    move_price: float,
    only_moves: bool,
    flat_move_cents: float | None,
) -> NDArray[np.float64]:
    """Return what moving each account costs in this solve, whole numbers."""
    if only_moves:
        return np.ones(instance.n_accounts)
    if flat_move_cents is not None:
        return np.full(instance.n_accounts, np.rint(flat_move_cents))
    return np.rint(instance.move_cost_cents * move_price)


def _part(
    instance: Instance,
    units: Units,
    rows: NDArray[np.intp],
    reps: NDArray[np.intp],
    move_cents: NDArray[np.float64],
    only_moves: bool,
) -> Part:
    """Collect the arrays of one piece, reps renumbered."""
    local = np.full(instance.n_reps, -1, dtype=np.int64)
    local[reps] = np.arange(reps.size)
    sizes = np.diff(units.member_start)[rows]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    take = np.repeat(units.member_start[rows] - start[:-1], sizes) + np.arange(
        start[-1]
    )
    member = units.member[take]
    unit_of = np.repeat(np.arange(rows.size), sizes)
    load = np.zeros((rows.size, instance.load.shape[1]))
    np.add.at(load, unit_of, instance.load[member])

    owned = instance.current_rep[member] >= 0
    price = np.where(owned, move_cents[member], 0.0)
    harm = np.where(owned, instance.disruption[member], 0.0)
    stays = np.flatnonzero(
        owned & (local[np.maximum(instance.current_rep[member], 0)] >= 0)
    )
    kinds, kind = np.unique(units.kind_of_unit[rows], return_inverse=True)
    kind_row, kind_rep = np.nonzero(units.kind_allows[kinds][:, reps])
    extra = instance.pair_cost_cents
    pairs = Pairs(
        load=load,
        kind=kind.reshape(-1).astype(np.int64),
        kind_start=_starts(kind_row, kinds.size),
        kind_rep=kind_rep.astype(np.int64),
        member_start=start,
        place=np.ascontiguousarray(instance.account_place[member]),
        cents_per_km=np.zeros(member.size)
        if only_moves
        else instance.cents_per_km[member],
        home=np.ascontiguousarray(instance.rep_place[reps]),
        travels=instance.rep_travels[reps],
        cap_km=instance.travel_cap_km,
        extra=np.ascontiguousarray(extra[np.ix_(member, reps)])
        if extra.shape[0] and not only_moves
        else np.empty((0, reps.size)),
        move=np.bincount(unit_of, price, rows.size).astype(np.float64),
        harm=np.bincount(unit_of, harm, rows.size).astype(np.float64),
        stay_start=_starts(unit_of[stays], rows.size),
        stay_rep=local[instance.current_rep[member[stays]]],
        stay_cents=price[stays],
        stay_harm=harm[stays],
    )
    fixed = units.fixed_load[reps]
    spent = (units.fixed_rep >= 0) & (instance.current_rep >= 0)
    spent &= units.fixed_rep != instance.current_rep
    return Part(
        units=rows,
        reps=reps,
        pairs=pairs,
        lower=np.maximum(instance.lower[reps] - fixed, 0.0),
        upper=instance.upper[reps] - fixed,
        budget=instance.disruption_budget - float(instance.disruption[spent].sum()),
    )


def _starts(rows: NDArray[np.intp], n_rows: int) -> NDArray[np.int64]:
    """Return offsets of groups of sorted row numbers."""
    count = np.bincount(rows, minlength=n_rows)
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
