"""Find asks that cannot hold by adding up, before any search. Milliseconds."""

import numpy as np
from numpy.typing import NDArray

from solvers.instance import Instance
from solvers.units import Units
from solvers.violation import Violation, ViolationKind


def count_conflicts(instance: Instance, units: Units) -> tuple[Violation, ...]:
    """List asks that simple sums prove impossible.

    Parameters
    ----------
    instance, units : Instance, Units
        The question and what rules already decide.

    Returns
    -------
    tuple of Violation
        Nobody on the roster; pinned load above a limit; a segment's work above its
        reps' capacity; an account larger than any book that may hold it; a book
        whose band asks more than its ceiling allows or than it may own.
    """
    if instance.n_accounts == 0:
        return ()
    if instance.n_reps == 0:
        return (
            Violation(
                ViolationKind.UNASSIGNED,
                f"{instance.n_accounts} accounts and no rep on the roster",
                "open a seat, or load the roster",
            ),
        )
    return (
        *_fixed_loads(instance, units),
        *_crossed_limits(instance),
        *_segment_totals(instance, units),
        *_big_accounts(instance, units),
        *_empty_books(instance, units),
    )


def _fixed_loads(instance: Instance, units: Units) -> list[Violation]:
    """Reps whose pinned, locked and frozen accounts alone pass a limit."""
    found = []
    held = np.bincount(
        units.fixed_rep[(units.fixed_rep >= 0) & instance.is_in_scope],
        minlength=instance.n_reps,
    )
    over = units.fixed_load > instance.upper * (1 + 1e-9)
    for rep, g in np.argwhere(over & (held > 0)[:, None]):
        load, limit = units.fixed_load[rep, g], instance.upper[rep, g]
        found.append(
            Violation(
                ViolationKind.CEILING,
                f"rep {instance.rep_ids[rep]}: {held[rep]} pinned or locked accounts "
                f"need {load:,.6g} {instance.metric_names[g]}, the limit is "
                f"{limit:,.6g}",
                f"release at least {load - limit:,.6g} {instance.metric_names[g]}",
                rep=int(instance.rep_order[rep]),
                metric=int(g),
                amount=float(load - limit),
            )
        )
    return found


def _crossed_limits(instance: Instance) -> list[Violation]:
    """Reps whose ceiling is below the least their band asks for."""
    found = []
    crossed = instance.lower > instance.upper * (1 + 1e-9)
    for rep, g in np.argwhere(crossed):
        low, high = instance.lower[rep, g], instance.upper[rep, g]
        name = instance.metric_names[g]
        found.append(
            Violation(
                ViolationKind.CEILING,
                f"rep {instance.rep_ids[rep]}: the {name} band asks for at least "
                f"{low:,.6g}, the ceiling allows {high:,.6g}",
                f"lower the rep's share, raise the ceiling, or widen the {name} band",
                rep=int(instance.rep_order[rep]),
                metric=int(g),
                amount=float(low - high),
            )
        )
    return found


def _empty_books(instance: Instance, units: Units) -> list[Violation]:
    """Reps whose band asks for more than everything they may own."""
    if not instance.is_in_scope.all():
        return []  # what is frozen was decided elsewhere
    load = _unit_loads(instance, units)
    most = units.fixed_load.copy()
    for kind in np.unique(units.kind_of_unit):
        whole = load[units.kind_of_unit == kind].sum(axis=0)
        most += np.where(units.kind_allows[kind][:, None], whole[None, :], 0.0)
    found = []
    for rep, g in np.argwhere(most < instance.lower * (1 - 1e-9)):
        name = instance.metric_names[g]
        found.append(
            Violation(
                ViolationKind.BAND_LOW,
                f"rep {instance.rep_ids[rep]} may own {most[rep, g]:,.6g} {name} in "
                f"all; the band asks for at least {instance.lower[rep, g]:,.6g}",
                "widen what the rep may cover, or lower the rep's share",
                rep=int(instance.rep_order[rep]),
                metric=int(g),
                amount=float(instance.lower[rep, g] - most[rep, g]),
            )
        )
    return found


def _segment_totals(instance: Instance, units: Units) -> list[Violation]:
    """Segments with more work than all their reps may hold together."""
    found = []
    unit_load = _unit_loads(instance, units)
    for segment in np.unique(instance.segment_of_rep):
        reps = instance.segment_of_rep == segment
        lead = units.member[units.member_start[:-1]]
        mine = instance.segment_of_account[lead] == segment
        if not mine.any():
            continue
        need = unit_load[mine].sum(axis=0) + units.fixed_load[reps].sum(axis=0)
        room = instance.upper[reps].sum(axis=0)
        for g in np.flatnonzero(need > room * (1 + 1e-9)):
            name = instance.metric_names[g]
            each = room[g] / max(reps.sum(), 1)
            way = "give its reps a share of the work"  # nobody there may hold any
            if each > 0:
                way = f"add {(need[g] - room[g]) / each:.1f} seats there"
            found.append(
                Violation(
                    ViolationKind.CEILING,
                    f"segment {segment} needs {need[g]:,.6g} {name}, its "
                    f"{int(reps.sum())} reps may hold {room[g]:,.6g}",
                    f"{way}, or raise the {name} limits",
                    metric=int(g),
                    amount=float(need[g] - room[g]),
                )
            )
    return found


def _big_accounts(instance: Instance, units: Units) -> list[Violation]:
    """Accounts or families that fit into no book that may own them."""
    if units.n_units == 0:
        return []
    room = np.where(units.kind_allows[:, :, None], instance.upper[None, :, :], 0.0).max(
        axis=1, initial=0.0
    )
    load = _unit_loads(instance, units)
    found = []
    big = load > room[units.kind_of_unit] * (1 + 1e-9)
    for unit, g in np.argwhere(big)[:50]:
        lead = units.member[units.member_start[unit]]
        limit, name = room[units.kind_of_unit[unit], g], instance.metric_names[g]
        found.append(
            Violation(
                ViolationKind.BAND_HIGH,
                f"account {instance.account_ids[lead]} alone has {load[unit, g]:,.6g} "
                f"{name}; the largest book that may own it ends at {limit:,.6g}",
                "name it a strategic territory of its own, exempt it from the "
                f"{name} band, or widen that band",
                metric=int(g),
                amount=float(load[unit, g] - limit),
            )
        )
    return found


def _unit_loads(instance: Instance, units: Units) -> NDArray[np.float64]:
    """Return (n_units, n_metrics) loads."""
    if units.n_units == 0:
        return np.zeros((0, instance.load.shape[1]))
    loads = instance.load[units.member]
    return np.asarray(np.add.reduceat(loads, units.member_start[:-1], axis=0))
