"""Solve the independent parts of a book, one after the other or in processes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

import numpy as np

from solvers.instance import Instance
from solvers.part_solver import (
    REALIGNMENT,
    PartPlan,
    bound_part,
    is_small,
    moves_of,
    solve_part,
)
from solvers.result import whole_bound
from solvers.units import Part, Units, parts


@dataclass(frozen=True, slots=True)
class How:
    """How hard and from where every part is searched."""

    material_share: float
    effort: float
    seed: int
    is_repair: bool


def solve_parts(pieces: list[Part], how: How, workers: int) -> list[PartPlan]:
    """Solve every part; the order of the answers is that of the parts."""
    return _share_out(partial(_solve, how), [(piece,) for piece in pieces], workers)


def fewest_moves(
    instance: Instance, units: Units, how: How, workers: int
) -> tuple[list[Part], list[PartPlan]]:
    """Move as few accounts as may be, cheaply, and prove how many must move.

    The plan is that of a question in which every move costs the same and far more
    than any travel; its prices differ little from those that prove the count.
    """
    dear = _dearer_than_travel(instance)
    pieces = parts(instance, units, only_moves=True)
    cheap_pieces = parts(instance, units, flat_move_cents=dear)
    both = list(zip(pieces, cheap_pieces, strict=True))
    return pieces, _share_out(partial(_fewest, how, dear), both, workers)


def _solve(how: How, piece: Part) -> PartPlan:
    return solve_part(
        piece,
        material_share=how.material_share,
        effort=how.effort,
        seed=how.seed,
        is_repair=how.is_repair,
    )


def _fewest(how: How, dear: float, piece: Part, cheap_piece: Part) -> PartPlan:
    """Plan the moves of one part and prove how few there can be."""
    cheap = solve_part(
        cheap_piece,
        material_share=how.material_share,
        effort=how.effort,
        seed=how.seed,
        is_repair=True,
        mend=REALIGNMENT,
    )
    planned = float(moves_of(piece.pairs, cheap.owner))
    if is_small(piece):  # counted exactly, which proves more than prices do
        counted = _solve(how, piece)
    else:
        enough = planned - 1.0 if cheap.is_legal else np.inf
        counted = bound_part(piece, cheap.load_price / dear, enough=enough)
    # accounts are whole in every part
    least = float(whole_bound(max(counted.bound, counted.exact_bound)))
    counted = replace(counted, exact_bound=least)
    moves = float(moves_of(piece.pairs, counted.owner))
    is_as_good = cheap.is_legal >= counted.is_legal and planned <= moves
    is_better = is_as_good or cheap.is_legal > counted.is_legal
    return replace(counted, owner=cheap.owner) if is_better else counted


def _dearer_than_travel(instance: Instance) -> float:
    """Return a move cost that outweighs what any one account can save on the way."""
    far = min(instance.travel_cap_km, 20_100.0)
    travel = float(instance.cents_per_km.max(initial=0.0)) * far
    return 10.0 * (1.0 + travel + float(instance.pair_cost_cents.max(initial=0.0)))


def _share_out(
    function: Callable[..., PartPlan], pieces: Sequence[tuple[Part, ...]], workers: int
) -> list[PartPlan]:
    """Call the function on every piece; parts touch nothing of each other."""
    if workers == 1 or len(pieces) < 2:
        return [function(*piece) for piece in pieces]
    # spawned, not forked: a fork would copy the threads of numeric libraries half
    with ProcessPoolExecutor(
        min(workers, len(pieces)), mp_context=get_context("spawn")
    ) as pool:
        return list(pool.map(function, *zip(*pieces, strict=True)))
