"""What each rep, and each level of the company, will book in the months ahead.

Not for planning hires: it sums the futures of `ml.capacity` over other nodes.
"""

import numpy as np
import polars as pl

from ml.attrition import AttritionEstimator
from ml.capacity import (
    CapacityAssumptions,
    CapacityForecast,
    run_seats,
)
from ml.capacity_seats import Seats, relabelled, seat_everyone
from ml.panel import Floats, Ints
from ml.ramp import RampEstimator


def simulate_labels(
    ramp: RampEstimator,
    attrition: AttritionEstimator,
    label_of_rep: Ints,
    *,
    months: int = 12,
    assumptions: CapacityAssumptions | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Floats:
    """Simulate today's roster, summed by any grouping of its reps.

    Parameters
    ----------
    ramp, attrition
        Fitted to the same panel.
    label_of_rep : (n_reps,) int
        Label of each rep of the panel, 0 upwards; -1 leaves the rep out. Reps who
        have left are not simulated whatever their label.
    months, assumptions, draws, seed
        As for `ml.capacity.simulate_capacity`.

    Returns
    -------
    (draws, n_labels, months) float, cents
    """
    seats, _, _ = seat_everyone(ramp, attrition, None)
    n_labels = int(label_of_rep.max(initial=-1)) + 1
    mine: Seats = relabelled(seats, label_of_rep[seats.rep])
    return run_seats(
        ramp, attrition, mine, n_labels, months=months,
        says=assumptions or CapacityAssumptions(), draws=draws, seed=seed,
    )[0]  # fmt: skip


def rep_outlook(
    ramp: RampEstimator,
    attrition: AttritionEstimator,
    *,
    months: int = 12,
    assumptions: CapacityAssumptions | None = None,
    draws: int = 400,
    seed: int = 0,
) -> pl.DataFrame:
    """Return what each rep on the books will book over the next months.

    Parameters
    ----------
    ramp, attrition
        Fitted to the same panel.
    months : int, default 12
    assumptions : CapacityAssumptions, optional
        Default: leaving as fitted, nobody replaced (a successor is somebody else).
    draws, seed : int
        As for `ml.capacity.simulate_capacity`.

    Returns
    -------
    polars.DataFrame
        rep_id str, segment_id str, role str, tenure_months f64 (at the end of the
        panel), talent_share f64 (1 = the average hire), expected_cents, p10_cents,
        p50_cents, p90_cents i64 over all months together. Sorted by rep_id.

    Notes
    -----
    The width has talent not yet known, level and curve, market, chance of leaving
    and deal noise in it; P10s of reps do not add up to the P10 of a team.
    """
    panel = ramp.panel_
    label = np.arange(len(panel.rep_ids), dtype=np.intp)
    says = assumptions or CapacityAssumptions(backfill_share=0.0)
    seats, _, _ = seat_everyone(ramp, attrition, None)
    total = simulate_labels(
        ramp, attrition, label, months=months, assumptions=says, draws=draws, seed=seed
    ).sum(axis=2)
    who = np.sort(seats.rep)
    low, middle, high = np.quantile(total[:, who], [0.1, 0.5, 0.9], axis=0)
    place = np.argsort(seats.rep, kind="stable")
    fit = ramp.fit_
    groups = [panel.groups[int(g)] for g in seats.group[place]]
    return pl.DataFrame(
        {
            "rep_id": [panel.rep_ids[int(i)] for i in who],
            "segment_id": [segment for segment, _ in groups],
            "role": [role for _, role in groups],
            "tenure_months": seats.tenure[place] - 0.5,
            "talent_share": (fit.rep_shape / fit.rep_rate)[who],
            "expected_cents": np.rint(total[:, who].mean(axis=0)).astype(np.int64),
            "p10_cents": np.rint(low).astype(np.int64),
            "p50_cents": np.rint(middle).astype(np.int64),
            "p90_cents": np.rint(high).astype(np.int64),
        },
        schema_overrides={
            "rep_id": pl.String,
            "segment_id": pl.String,
            "role": pl.String,
        },
    )


def by_node(capacity: CapacityForecast) -> pl.DataFrame:
    """Return the simulated capacity of company, segments and groups by month.

    Parameters
    ----------
    capacity : CapacityForecast

    Returns
    -------
    polars.DataFrame
        node_level str, node_id str ("segment_id/role" for a group), month_start
        date, horizon i32, heads f64, ramped_heads f64, expected_cents, p10_cents,
        p50_cents, p90_cents i64. Expected values add up over nodes; percentiles do
        not. Sorted by level (company first), node and month.
    """
    n_groups, months = len(capacity.groups), len(capacity.months)
    nodes: list[tuple[str, str, list[int]]] = [
        ("company", "company", list(range(n_groups)))
    ]
    for segment in sorted({segment for segment, _ in capacity.groups}):
        members = [g for g, (s, _) in enumerate(capacity.groups) if s == segment]
        nodes.append(("segment", segment, members))
    nodes += [("group", f"{s}/{r}", [g]) for g, (s, r) in enumerate(capacity.groups)]
    shape = (n_groups, months)
    heads = capacity.by_month["heads"].to_numpy().reshape(shape)
    ramped = capacity.by_month["ramped_heads"].to_numpy().reshape(shape)
    mean = np.rint(capacity.draws.mean(axis=0)).astype(np.int64)
    frames = []
    for level, node, members in nodes:
        total = capacity.draws[:, members].sum(axis=1)
        quantiles = np.rint(np.quantile(total, [0.1, 0.5, 0.9], axis=0))
        frames.append(
            pl.DataFrame(
                {
                    "node_level": [level] * months,
                    "node_id": [node] * months,
                    "month_start": capacity.months,
                    "horizon": np.arange(1, months + 1, dtype=np.int32),
                    "heads": heads[members].sum(axis=0),
                    "ramped_heads": ramped[members].sum(axis=0),
                    "expected_cents": mean[members].sum(axis=0),
                    "p10_cents": quantiles[0].astype(np.int64),
                    "p50_cents": quantiles[1].astype(np.int64),
                    "p90_cents": quantiles[2].astype(np.int64),
                }
            )
        )
    return pl.concat(frames)
