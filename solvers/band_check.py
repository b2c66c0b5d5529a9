"""Name every book outside its band and say what would let it back in."""

import numpy as np
from numpy.typing import NDArray

from solvers.instance import Instance
from solvers.violation import Violation, ViolationKind

TOLERANCE_SHARE = 1e-9  # of the limit: float sums of many loads


def band_violations(
    instance: Instance, loads: NDArray[np.float64]
) -> tuple[Violation, ...]:
    """List books outside their bands or above their ceilings, by rep and metric.

    Parameters
    ----------
    instance : Instance
        The question.
    loads : (n_reps, n_metrics) float64
        Loads of a plan.

    Returns
    -------
    tuple of Violation
        ``rep`` is the caller's column; ``amount`` is in the metric's unit and
        ``share`` is the same as a share of the target.
    """
    found = []
    upper, lower = instance.upper, instance.lower
    over = loads > upper + TOLERANCE_SHARE * np.abs(np.where(upper < 1e300, upper, 0))
    under = loads < lower - TOLERANCE_SHARE * np.abs(lower)
    for rep, g in np.argwhere(over | under):
        load, target = float(loads[rep, g]), float(instance.target[rep, g])
        is_over = bool(over[rep, g])
        limit = float(upper[rep, g] if is_over else lower[rep, g])
        amount = abs(load - limit)
        share = amount / target if target > 0 else 0.0
        name, metric = instance.rep_ids[rep], instance.metric_names[g]
        is_ceiling = is_over and not np.isclose(limit, target) and limit < target
        kind = ViolationKind.BAND_HIGH if is_over else ViolationKind.BAND_LOW
        if is_ceiling:
            kind = ViolationKind.CEILING
        side = "above" if is_over else "below"
        found.append(
            Violation(
                kind,
                f"rep {name}: {metric} is {load:,.6g}, {amount:,.6g} {side} the limit "
                f"of {limit:,.6g} ({share:.1%} of the target)",
                f"widen the {metric} tolerance to {abs(load / target - 1):.1%}, or "
                "change the rep's capacity or share"
                if target > 0
                else "give the rep a share of the segment, or another capacity",
                rep=int(instance.rep_order[rep]),
                metric=int(g),
                amount=amount,
                share=share,
            )
        )
    return tuple(found)
