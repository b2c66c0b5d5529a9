"""How the fields of opportunities changed over time, as the CRM would have kept it."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.months import SECONDS_A_DAY, Months
from pipelines.demo.selling import EXPANSION, RENEWAL, WON, Deals
from pipelines.demo.world import World

PUSHES: Final = 5  # a close date moves at most so often; then it stays in the past
PUSH_DAYS: Final = (28, 30, 45, 60, 91)
STALE_SHARE: Final = 0.05  # of opportunities nobody ever pushes; assumption
REGRESSION_SHARE: Final = 0.04  # fall back from proposal once; assumption
UNSET: Final = -1
NO_TIME: Final = 2**62
EDIT_SHARES: Final = (0.95, 0.85, 0.7)  # of records edited so soon; assumption
_Change = tuple[
    NDArray[np.int64], int, NDArray[np.float64] | None, NDArray[np.int64] | None
]  # when, stage or UNSET, amount or None, close day or None


def _normal_of(seed: int, word: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Draw a nearly normal number per row: the sum of four uniforms, scaled."""
    total = sum(streams.uniform_of(seed, f"{word} {k}", rows) for k in range(4))
    normal: NDArray[np.float64] = (np.asarray(total) - 2.0) * np.sqrt(3.0)
    return normal


def _first_guess(
    deals: Deals, rows: NDArray[np.int64], segment: NDArray[np.int64], world: World
) -> NDArray[np.int64]:
    """Guess the close day as a rep would, knowing the segment but not the future."""
    usual = norms.by_segment("cycle_days")[segment]
    usual = usual * np.where(deals.rows["kind"][rows] == EXPANSION, 0.7, 1.0)
    guess = usual * 1.15 * np.exp(0.3 * _normal_of(world.seed, "guess", rows))
    day = deals.rows["created"][rows] // SECONDS_A_DAY
    close = day + np.maximum(7, guess).astype(np.int64)
    snaps = streams.uniform_of(world.seed, "snap", rows) < 0.4
    close = np.where(snaps, _quarter_end(close, world.months), close)
    renewal = deals.rows["kind"][rows] == RENEWAL
    return np.where(renewal, day + 85, close)


def _quarter_end(day: NDArray[np.int64], months: Months) -> NDArray[np.int64]:
    """Return the last day of the fiscal quarter of each day."""
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    origin = np.datetime64(int(months.start[0]), "D").astype("datetime64[M]")
    place = ((month - origin).astype(np.int64) + months.quarter_month[0]) % 3
    turn = (month + (3 - place)).astype("datetime64[D]").astype(np.int64)
    last: NDArray[np.int64] = turn - 1
    return last


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
    early = final * np.exp(0.25 * wobble * _normal_of(seed, "early", rows))
    later = final * np.exp(0.08 * wobble * _normal_of(seed, "later", rows))
    early = np.where(is_renewal, final, np.round(early / 10_000) * 10_000)
    later = np.where(is_renewal, final, np.round(later / 10_000) * 10_000)
    amounts = [early, early, later, final]

    events: list[_Change] = []
    close = _first_guess(deals, rows, segment, world)
    close_at_first = close
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
    is_stale = streams.uniform_of(seed, "stale", rows) < STALE_SHARE
    for push in range(PUSHES):
        early_by = streams.uniform_of(seed, f"push day {push}", rows)
        at = (close - (early_by * 4).astype(np.int64)) * SECONDS_A_DAY + 61_200 + push
        step = streams.uniform_of(seed, f"push {push}", rows) * len(PUSH_DAYS)
        moved = close + np.array(PUSH_DAYS)[step.astype(np.int64)]
        is_pushed = (at > created) & (at < ends) & ~is_stale & ~is_renewal
        close = np.where(is_pushed, moved, close)
        events.append((np.where(is_pushed, at, NO_TIME), UNSET, None, close))
    if world.size.has_edits:
        events += _edits(seed, rows, created, ends, early, close_at_first)
    is_won = deals.rows["outcome"][rows] == WON
    final_amount = np.where(is_won | (reached >= 3), final, UNSET)
    frames = [
        _event(rows, at, stage, amount, day, cutoff)
        for at, stage, amount, day in events
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
            factor = np.exp(0.2 * _normal_of(seed, f"edit {number}", rows))
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
