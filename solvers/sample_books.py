"""Seeded books of accounts in many shapes, for tests, benchmarks and notebooks.

Not the demo company: these are bare territory problems without a story.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from solvers.problem import OWNER_LEFT, TerritoryProblem, move_cost

SKILLS = 4
CITIES = 20


class Shape(StrEnum):
    """What is hard about a sample book."""

    BASE = "base"  # bands of 10 %, clustered places, some remote accounts
    TIGHT = "tight"  # bands of 5 %
    WHALES = "whales"  # bands of 20 %, single accounts up to 70 % of a book
    SPARSE = "sparse"  # reps with one or two skills of four
    PINNED = "pinned"  # 30 % of accounts pinned
    FAMILIES = "families"  # 35 % of accounts in families of three
    UNIFORM = "uniform"  # places spread evenly over the country


@dataclass(frozen=True, slots=True)
class _Roster:
    segment: NDArray[np.intp]
    weight: NDArray[np.float64]
    skills: NDArray[np.bool_]  # (n_reps, SKILLS)


def sample_book(
    n_accounts: int,
    n_reps: int,
    shape: Shape = Shape.BASE,
    *,
    seed: int = 0,
    n_segments: int | None = None,
) -> TerritoryProblem:
    """Draw a territory problem that has legal plans or comes very near to it.

    Parameters
    ----------
    n_accounts, n_reps : int, >= 1
        Size of the book.
    shape : Shape, default BASE
        What is hard about it.
    seed : int, default 0
        Same arguments, same book.
    n_segments : int, default one per 10 reps (at most 8)
        Segments share neither accounts nor reps.

    Returns
    -------
    TerritoryProblem
        Metrics are potential (cents), hours and accounts; the last has a ceiling
        only. Skills follow a hidden plan, so every rep can fill a book.

    Examples
    --------
    >>> book = sample_book(100, 5)
    >>> book.load.shape, bool((book.load > 0).all())
    ((100, 3), True)
    """
    rng = np.random.default_rng(seed)
    segments = n_segments or min(max(n_reps // 10, 1), 8)
    roster = _roster(rng, n_reps, segments, shape)
    potential, hours, hidden = _sizes(rng, n_accounts, roster, shape)
    skill = _draw_skill(rng, roster, hidden)
    segment = roster.segment[hidden]
    places = _places(rng, n_accounts, n_reps, shape)
    latitude, longitude, rep_latitude, rep_longitude = places
    is_remote = rng.random(n_accounts) < 0.3
    load = np.column_stack([potential, hours, np.ones(n_accounts)]).astype(np.float64)
    owner = _owners(rng, roster, segment, skill, places)
    revenue = np.rint(potential * rng.uniform(0, 0.6, n_accounts)).astype(np.int64)
    is_open = rng.random(n_accounts) < 0.4
    pipeline = np.rint(potential * rng.uniform(0, 0.3, n_accounts) * is_open)
    tolerance = {Shape.TIGHT: 0.05, Shape.WHALES: 0.2}.get(shape, 0.1)
    visits = np.where(is_remote, 0, rng.integers(1, 7, n_accounts)).astype(np.float64)
    is_pinned = rng.random(n_accounts) < (0.3 if shape is Shape.PINNED else 0.0)
    return TerritoryProblem(
        account_ids=np.array([f"a{i:07d}" for i in range(n_accounts)]),
        rep_ids=np.array([f"r{i:05d}" for i in range(n_reps)]),
        metric_names=("potential", "hours", "accounts"),
        load=load,
        tolerance=np.array([tolerance, tolerance, np.inf]),
        class_of_account=skill,
        class_allows=roster.skills.T.copy(),
        segment_of_account=segment,
        segment_of_rep=roster.segment,
        current_rep=np.where(rng.random(n_accounts) < 0.05, OWNER_LEFT, owner),
        rep_weight=roster.weight,
        ceiling=_ceilings(roster, segment, load, tolerance),
        family=_families(rng, segment * SKILLS + skill, shape),
        pinned_rep=np.where(is_pinned, hidden, -1),
        latitude=np.where(is_remote, np.nan, latitude),
        longitude=longitude,
        rep_latitude=rep_latitude,
        rep_longitude=rep_longitude,
        visits=visits,
        travel_cents_per_km=60.0,
        travel_cap_km=1_500.0,
        move_cost_cents=move_cost(
            revenue,
            pipeline.astype(np.int64),
            fixed_cents=20_000,
            revenue_share=0.01,
            pipeline_share=0.03,
        ),
    )


def _roster(
    rng: np.random.Generator, n_reps: int, n_segments: int, shape: Shape
) -> _Roster:
    skills = rng.random((n_reps, SKILLS)) < (0.2 if shape is Shape.SPARSE else 0.75)
    skills[np.arange(n_reps), rng.integers(0, SKILLS, n_reps)] = True
    weight = rng.choice([1.0, 1.0, 1.0, 0.8, 0.5], n_reps)
    return _Roster(np.arange(n_reps) % n_segments, weight, skills)


def _sizes(
    rng: np.random.Generator, n_accounts: int, roster: _Roster, shape: Shape
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.intp]]:
    """Draw potential, hours and the hidden owner of every account."""
    n_reps = roster.weight.size
    potential = np.rint(rng.lognormal(0, 1.0, n_accounts) * 2_000_000)
    noise = rng.lognormal(0, 0.3, n_accounts)
    hours = np.round(5 + 10 * np.sqrt(potential / 2e6) * noise, 1)
    share = roster.weight / roster.weight.sum()
    hidden = rng.choice(n_reps, n_accounts, p=share)
    n_whales = int(0.3 * n_reps)
    if shape is Shape.WHALES and n_accounts > 5 * n_reps:
        # a whale takes up to 70 % of its hidden owner's book; others fill the rest
        book = potential.sum() * share
        chosen = rng.choice(n_reps, n_whales, replace=False)
        part = rng.uniform(0.2, 0.7, n_whales)
        room = share.copy()
        room[chosen] *= 1 - part
        potential *= room.sum()
        hidden = rng.choice(n_reps, n_accounts, p=room / room.sum())
        whale = rng.choice(n_accounts, n_whales, replace=False)
        hidden[whale] = chosen
        potential[whale] = np.rint(book[chosen] * part)
        hours[whale] = np.round(hours.sum() * share[chosen] * part, 1)
    return potential.astype(np.int64), hours, hidden.astype(np.intp)


def _draw_skill(
    rng: np.random.Generator, roster: _Roster, hidden: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Ask of every account a skill its hidden owner has."""
    chance = roster.skills[hidden] * rng.random((hidden.size, SKILLS))
    return np.asarray(chance.argmax(axis=1), dtype=np.intp)


def _places(
    rng: np.random.Generator, n_accounts: int, n_reps: int, shape: Shape
) -> tuple[NDArray[np.float64], ...]:
    """Draw latitude and longitude of accounts and of reps."""

    def anywhere(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return rng.uniform(30, 48, n), rng.uniform(-120, -75, n)

    if shape is Shape.UNIFORM:
        return (*anywhere(n_accounts), *anywhere(n_reps))
    north, east = anywhere(CITIES)
    size = rng.dirichlet(np.full(CITIES, 1.5))
    here = rng.choice(CITIES, n_accounts, p=size)
    home = rng.choice(CITIES, n_reps, p=size)
    return (
        north[here] + rng.normal(0, 0.7, n_accounts),
        east[here] + rng.normal(0, 0.7, n_accounts),
        north[home] + rng.normal(0, 0.5, n_reps),
        east[home] + rng.normal(0, 0.5, n_reps),
    )


def _owners(
    rng: np.random.Generator,
    roster: _Roster,
    segment: NDArray[np.intp],
    skill: NDArray[np.intp],
    places: tuple[NDArray[np.float64], ...],
) -> NDArray[np.intp]:
    """Give every account an eligible owner: half of them near, half by chance."""
    latitude, longitude, rep_latitude, rep_longitude = places
    owner = np.zeros(segment.size, dtype=np.intp)
    for s in np.unique(segment):
        for q in range(SKILLS):
            rows = np.flatnonzero((segment == s) & (skill == q))
            reps = np.flatnonzero((roster.segment == s) & roster.skills[:, q])
            if rows.size == 0:
                continue
            far = np.hypot(
                latitude[rows][:, None] - rep_latitude[reps],
                longitude[rows][:, None] - rep_longitude[reps],
            )
            seen = far * rng.lognormal(0, 0.5, far.shape) / roster.weight[reps]
            near = reps[seen.argmin(axis=1)]
            share = roster.weight[reps] / roster.weight[reps].sum()
            chance = rng.choice(reps, rows.size, p=share)
            owner[rows] = np.where(rng.random(rows.size) < 0.5, near, chance)
    return owner


def _ceilings(
    roster: _Roster,
    segment: NDArray[np.intp],
    load: NDArray[np.float64],
    tolerance: float,
) -> NDArray[np.float64]:
    """Cap hours a little inside the band, and accounts at 1.6 fair shares."""
    ceiling = np.full((roster.weight.size, 3), np.inf)
    for s in np.unique(roster.segment):
        reps = roster.segment == s
        share = roster.weight[reps] / roster.weight[reps].sum()
        whole = load[segment == s].sum(axis=0)
        ceiling[reps, 1] = whole[1] * share * (1 + 0.9 * tolerance)
        ceiling[reps, 2] = np.ceil(whole[2] * share * 1.6) + 5
    return ceiling


def _families(
    rng: np.random.Generator, kind: NDArray[np.intp], shape: Shape
) -> NDArray[np.intp]:
    """Join accounts of the same segment and skill in threes."""
    family = np.full(kind.size, -1, dtype=np.intp)
    if shape is not Shape.FAMILIES:
        return family
    members = rng.permutation(kind.size)[: int(0.35 * kind.size)]
    members = members[np.argsort(kind[members], kind="stable")]
    place = np.arange(members.size)
    starts = np.r_[0, np.flatnonzero(np.diff(kind[members])) + 1]
    within = place - np.repeat(starts, np.diff(np.r_[starts, members.size]))
    first_of_three = place - within % 3
    family[members] = first_of_three
    return family
