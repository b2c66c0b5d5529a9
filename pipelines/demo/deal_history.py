"""How the fields of opportunities changed over time, as the CRM would have kept it."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.close_dates import first_guess, pushes
from pipelines.demo.months import SECONDS_A_DAY
from pipelines.demo.selling import EXPANSION, RENEWAL, WON
from pipelines.demo.world import World

REGRESSION_SHARE: Final = 0.04  # fall back from proposal once; assumption
UNSET: Final = -1
NO_TIME: Final = 2**62
EDIT_SHARES: Final = (0.95, 0.85, 0.7)  # of records edited so soon; assumption
_Change = tuple[
    NDArray[np.int64], int, NDArray[np.float64] | None, NDArray[np.int64] | None
]  # when, stage or UNSET, amount or None, close day or None


def history(world: World, rows: NDArray[np.int64], *, cutoff: int) -> pl.DataFrame:
    """Return every change of some opportunities before a moment.

    Parameters
    ----------
    world : World
        The company.
    rows : (n,) int64, rising
        Opportunities, all created before `cutoff`.
    cutoff : int, epoch seconds
        Nothing at or after this moment is returned or looked at.

    Returns
    -------
    DataFrame
        deal, changed (epoch seconds), stage (0 to 5), amount_cents, close (day
        number); sorted by deal and time, one row per deal and time, the first of
        each deal being its creation.
    """
    deals, seed = world.deals, world.seed
    created, ends = deals.rows["created"][rows], deals.rows["ends"][rows]
    segment = world.market.accounts["first_segment"][deals.rows["account"][rows]]
    final = deals.rows["amount_cents"][rows]
    is_renewal = deals.rows["kind"][rows] == RENEWAL
    wobble = np.where(is_renewal, 0.0, 1.0)
    early = final * np.exp(0.25 * wobble * streams.normal_of(seed, "early", rows))
    later = final * np.exp(0.08 * wobble * streams.normal_of(seed, "later", rows))
    early = np.where(is_renewal, final, np.round(early / 10_000) * 10_000)
    later = np.where(is_renewal, final, np.round(later / 10_000) * 10_000)
    amounts = [early, early, later, final]

    events: list[_Change] = []
    pushed: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = []
    close = first_guess(
        seed, rows, created // SECONDS_A_DAY, segment=segment,
        is_expansion=deals.rows["kind"][rows] == EXPANSION, is_renewal=is_renewal,
        months=world.months,
    )  # fmt: skip
    events.append((created, 0, early, close))
    cycle = deals.rows["cycle_days"][rows].astype(np.float64) * SECONDS_A_DAY
    reached, steps = deals.rows["reached"][rows], np.cumsum(norms.STAGE_SHARE)
    entered = []
    for stage in (1, 2, 3):
        at = created + (steps[stage - 1] * cycle).astype(np.int64) + 600 * stage
        at = np.where((reached >= stage) & (at < ends), at, NO_TIME)
        events.append((at, stage, amounts[stage], None))
        entered.append(at)
    slips = streams.uniform_of(seed, "regress", rows) < REGRESSION_SHARE
    slips &= (entered[2] < NO_TIME) & ~is_renewal
    room = np.where(slips, entered[2] - entered[1], 0)
    back = np.where(slips, entered[1] + room * 2 // 5, NO_TIME)
    again = np.where(slips, entered[1] + room * 4 // 5, NO_TIME)
    events += [(back, 1, None, None), (again, 2, None, None)]
    stale_share = world.scenario.dirt.past_close_date_share
    is_stale = streams.uniform_of(seed, "stale", rows) < stale_share
    tended = np.flatnonzero(~is_stale & ~is_renewal)
    for place, at, moved in pushes(seed, rows[tended], close[tended], ends[tended]):
        pushed.append((tended[place], at, moved))
    if world.size.has_edits:
        events += _edits(seed, rows, created, ends, early, close)
    is_won = deals.rows["outcome"][rows] == WON
    final_amount = np.where(is_won | (reached >= 3), final, UNSET)
    frames = [
        _event(rows, at, stage, amount, day, cutoff)
        for at, stage, amount, day in events
    ]
    frames += [
        _event(rows[place], at, UNSET, None, day, cutoff) for place, at, day in pushed
    ]
    ended = _event(rows, ends, 5, final_amount, ends // SECONDS_A_DAY, cutoff)
    won = np.zeros(len(deals.rows), dtype=bool)
    won[rows] = is_won
    ended = ended.with_columns(
        pl.when(pl.Series(won[ended["deal"].to_numpy()]))
        .then(4)
        .otherwise(5)
        .cast(pl.Int8)
        .alias("stage")
    )
    return (
        pl.concat([*frames, ended])
        .sort("deal", "changed", "stage", maintain_order=True)
        .unique(["deal", "changed"], keep="last", maintain_order=True)
        .with_columns(pl.col("stage", "amount_cents", "close").forward_fill())
    )


def _edits(
    seed: int,
    rows: NDArray[np.int64],
    created: NDArray[np.int64],
    ends: NDArray[np.int64],
    amount: NDArray[np.float64],
    close: NDArray[np.int64],
) -> list[_Change]:
    """Complete a record soon after it was opened: amount, close date, amount again."""
    made: list[_Change] = []
    first = np.minimum(ends, (close - 5) * SECONDS_A_DAY) - created
    for number, share in enumerate(EDIT_SHARES):
        draw = streams.uniform_of(seed, f"edit {number}", rows)
        part = 0.02 + 0.05 * number + 0.04 * draw / share  # of the time it was open
        at = created + (part * first).astype(np.int64) + number
        at = np.where((draw < share) & (first > SECONDS_A_DAY), at, NO_TIME)
        if number == 1:
            days = (streams.uniform_of(seed, "edit days", rows) * 4).astype(np.int64)
            made.append((at, UNSET, None, close + days))
        else:
            factor = np.exp(0.2 * streams.normal_of(seed, f"edit {number}", rows))
            made.append((at, UNSET, np.round(amount * factor / 10_000) * 10_000, None))
    return made


def _event(
    rows: NDArray[np.int64],
    at: NDArray[np.int64],
    stage: int,
    amount: NDArray[np.float64] | None,
    close: NDArray[np.int64] | None,
    cutoff: int,
) -> pl.DataFrame:
    """Keep the events that happened; what an event leaves alone is null."""
    keep = np.flatnonzero(at < cutoff)
    size = len(keep)
    unset = np.full(size, UNSET)
    return pl.DataFrame(
        {
            "deal": rows[keep],
            "changed": at[keep],
            "stage": np.full(size, stage, dtype=np.int8),
            "amount_cents": unset if amount is None else amount[keep].astype(np.int64),
            "close": unset if close is None else close[keep],
        }
    ).with_columns(
        pl.col(name).replace({UNSET: None})
        for name in ("stage", "amount_cents", "close")
    )
