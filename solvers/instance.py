"""A territory problem checked, filled with its defaults and sorted by id."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvers.problem import NOBODY, OWNER_LEFT, TerritoryProblem


@dataclass(frozen=True, slots=True)
class Instance:
    """A checked problem with every default filled, sorted by account and rep id."""

    account_ids: NDArray[Any]
    rep_ids: NDArray[Any]
    account_order: NDArray[np.intp]  # caller's row of each sorted account
    rep_order: NDArray[np.intp]  # caller's column of each sorted rep
    metric_names: tuple[str, ...]
    load: NDArray[np.float64]
    target: NDArray[np.float64]  # (n_reps, n_metrics)
    lower: NDArray[np.float64]  # (n_reps, n_metrics)
    upper: NDArray[np.float64]  # (n_reps, n_metrics)
    class_of_account: NDArray[np.intp]
    class_allows: NDArray[np.bool_]  # classes here include the segment
    current_rep: NDArray[np.intp]
    family: NDArray[np.intp]
    pinned_rep: NDArray[np.intp]
    is_locked: NDArray[np.bool_]
    is_in_scope: NDArray[np.bool_]
    blocked: NDArray[np.intp]
    account_place: NDArray[np.float64]  # (n_accounts, 3) unit vectors
    rep_place: NDArray[np.float64]  # (n_reps, 3) unit vectors
    rep_travels: NDArray[np.float64]  # (n_reps,) 1.0 with a home, else 0.0
    cents_per_km: NDArray[np.float64]  # (n_accounts,) visits times price; 0 if remote
    travel_cap_km: float
    move_cost_cents: NDArray[np.float64]  # whole numbers
    pair_cost_cents: NDArray[np.float64]  # (n_accounts or 0, n_reps)
    disruption: NDArray[np.float64]
    disruption_budget: float
    segment_of_account: NDArray[np.intp]
    segment_of_rep: NDArray[np.intp]
    notes: tuple[str, ...]

    @property
    def n_accounts(self) -> int:
        """Return the number of accounts."""
        return int(self.account_ids.size)

    @property
    def n_reps(self) -> int:
        """Return the number of reps."""
        return int(self.rep_ids.size)


def prepare(problem: TerritoryProblem) -> Instance:
    """Check a problem, fill its defaults and sort it by id.

    Raises
    ------
    ValueError
        If ids repeat, shapes differ, or a load, weight or cost is negative or NaN.
    """
    accounts, account_order = _sorted_ids(problem.account_ids, "account_ids")
    reps, rep_order = _sorted_ids(problem.rep_ids, "rep_ids")
    n, k = accounts.size, reps.size
    fill = _Filler(account_order, rep_order)
    names = problem.metric_names
    load = fill.accounts(problem.load, 0.0, "load", shape=(n, len(names)))
    _not_negative(load, accounts, "load")
    segment_of_account = fill.accounts(
        problem.segment_of_account, 0, "segment_of_account"
    )
    segment_of_rep = fill.reps(problem.segment_of_rep, 0, "segment_of_rep")
    target = _targets(problem, fill, load, segment_of_account, segment_of_rep)
    tolerance = np.asarray(problem.tolerance, dtype=np.float64)
    if tolerance.shape != (len(names),) or not (tolerance >= 0).all():
        raise ValueError("tolerance must hold one share >= 0 per metric")
    ceiling = fill.reps(problem.ceiling, np.inf, "ceiling", shape=(k, len(names)))
    if np.isnan(ceiling).any() or (ceiling < 0).any():
        raise ValueError("ceiling must not be NaN or negative; use inf for none")
    banded = np.isfinite(tolerance)
    with np.errstate(invalid="ignore"):
        upper = np.where(banded, target * (1.0 + tolerance), np.inf)
        lower = np.where(banded, target * np.maximum(1.0 - tolerance, 0.0), 0.0)
    classes, allows = _classes(problem, fill, segment_of_account, segment_of_rep)
    place, is_remote, notes = _places(
        fill.accounts(problem.latitude, np.nan, "latitude"),
        fill.accounts(problem.longitude, np.nan, "longitude"),
        accounts,
    )
    rep_place, has_no_home, _ = _places(
        fill.reps(problem.rep_latitude, np.nan, "rep_latitude"),
        fill.reps(problem.rep_longitude, np.nan, "rep_longitude"),
        reps,
    )
    visits = fill.accounts(problem.visits, 1.0, "visits").astype(np.float64)
    _not_negative(visits, accounts, "visits")
    if not (problem.travel_cents_per_km >= 0 and problem.travel_cap_km >= 0):
        raise ValueError("travel_cents_per_km and travel_cap_km must not be negative")
    move = fill.accounts(problem.move_cost_cents, 0, "move_cost_cents")
    _not_negative(move, accounts, "move_cost_cents")
    disruption = fill.accounts(problem.disruption, 1.0, "disruption")
    _not_negative(disruption, accounts, "disruption")
    current = fill.rep_columns(problem.current_rep, "current_rep")
    in_scope = fill.accounts(problem.is_in_scope, True, "is_in_scope").astype(bool)
    locked = fill.accounts(problem.is_locked, False, "is_locked").astype(bool)
    return Instance(
        account_ids=accounts,
        rep_ids=reps,
        account_order=account_order,
        rep_order=rep_order,
        metric_names=names,
        load=load,
        target=target,
        lower=lower,
        upper=np.minimum(upper, ceiling),
        class_of_account=classes,
        class_allows=allows,
        current_rep=current,
        family=fill.accounts(problem.family, -1, "family").astype(np.intp),
        pinned_rep=fill.rep_columns(problem.pinned_rep, "pinned_rep"),
        is_locked=locked & (current >= 0),
        is_in_scope=in_scope | (current < 0),
        blocked=fill.pairs(problem.blocked),
        account_place=place,
        rep_place=rep_place,
        rep_travels=np.where(has_no_home, 0.0, 1.0),
        cents_per_km=np.where(is_remote, 0.0, visits * problem.travel_cents_per_km),
        travel_cap_km=problem.travel_cap_km,
        move_cost_cents=move.astype(np.float64),
        pair_cost_cents=_pair_costs(problem, account_order, rep_order),
        disruption=disruption.astype(np.float64),
        disruption_budget=float(problem.disruption_budget),
        segment_of_account=segment_of_account.astype(np.intp),
        segment_of_rep=segment_of_rep.astype(np.intp),
        notes=notes,
    )


class _Filler:
    """Put given arrays in sorted order and absent ones at their default."""

    def __init__(self, accounts: NDArray[np.intp], reps: NDArray[np.intp]) -> None:
        self.account_order, self.rep_order = accounts, reps
        self.rep_place = np.empty(reps.size, dtype=np.intp)
        self.rep_place[reps] = np.arange(reps.size)
        self.account_place = np.empty(accounts.size, dtype=np.intp)
        self.account_place[accounts] = np.arange(accounts.size)

    def accounts(
        self,
        values: NDArray[Any] | None,
        default: float,
        name: str,
        shape: tuple[int, ...] | None = None,
    ) -> NDArray[Any]:
        """Return one entry per sorted account."""
        return self._fill(values, default, name, self.account_order, shape)

    def reps(
        self,
        values: NDArray[Any] | None,
        default: float,
        name: str,
        shape: tuple[int, ...] | None = None,
    ) -> NDArray[Any]:
        """Return one entry per sorted rep."""
        return self._fill(values, default, name, self.rep_order, shape)

    def rep_columns(self, values: NDArray[np.intp] | None, name: str) -> NDArray[Any]:
        """Translate rep columns to sorted columns; off the roster becomes -2."""
        given = self.accounts(values, NOBODY, name).astype(np.intp)
        known = (given >= 0) & (given < self.rep_order.size)
        place = np.where(given == NOBODY, NOBODY, OWNER_LEFT)
        place[known] = self.rep_place[given[known]]
        return place

    def pairs(self, blocked: NDArray[np.intp] | None) -> NDArray[np.intp]:
        """Translate (account row, rep column) pairs, sorted, off-roster ones gone."""
        if blocked is None or len(blocked) == 0:
            return np.empty((0, 2), dtype=np.intp)
        given = np.asarray(blocked, dtype=np.intp)
        fits = (given >= 0).all(axis=1) & (given[:, 1] < self.rep_order.size)
        given = given[fits]
        if (given[:, 0] >= self.account_order.size).any():
            raise ValueError("blocked points past the last account")
        both = np.column_stack(
            [self.account_place[given[:, 0]], self.rep_place[given[:, 1]]]
        )
        return np.unique(both, axis=0)

    def _fill(
        self,
        values: NDArray[Any] | None,
        default: float,
        name: str,
        order: NDArray[np.intp],
        shape: tuple[int, ...] | None,
    ) -> NDArray[Any]:
        wanted = (order.size,) if shape is None else shape
        if values is None:
            return np.full(wanted, default)
        given = np.asarray(values)
        if given.shape != wanted:
            raise ValueError(f"{name} has shape {given.shape}, expected {wanted}")
        return given[order]


def _sorted_ids(ids: NDArray[Any], name: str) -> tuple[NDArray[Any], NDArray[np.intp]]:
    values = np.asarray(ids)
    order = np.argsort(values, kind="stable").astype(np.intp)
    ordered = values[order]
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if twice.size:
        raise ValueError(f"{name} repeats {ordered[twice[0]]}; ids must be distinct")
    return ordered, order


def _not_negative(values: NDArray[Any], ids: NDArray[Any], name: str) -> None:
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        row = int(np.argwhere(wrong)[0][0])
        raise ValueError(
            f"{name} of account {ids[row]} is {values[row]}; "
            "it must be finite and not negative"
        )


def _targets(
    problem: TerritoryProblem,
    fill: _Filler,
    load: NDArray[np.float64],
    segment_of_account: NDArray[np.intp],
    segment_of_rep: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return each rep's part of the segment's load, by weight or as given."""
    weight = fill.reps(problem.rep_weight, 1.0, "rep_weight").astype(np.float64)
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise ValueError("rep_weight must be finite and not negative")
    target = np.zeros((weight.size, load.shape[1]))
    for segment in np.unique(segment_of_rep):
        reps = segment_of_rep == segment
        total = load[segment_of_account == segment].sum(axis=0)
        share = weight[reps] / max(weight[reps].sum(), 1e-300)
        target[reps] = share[:, None] * total[None, :]
    given = fill.reps(problem.target, np.nan, "target", shape=target.shape)
    return np.where(np.isnan(given), target, given)


def _classes(
    problem: TerritoryProblem,
    fill: _Filler,
    segment_of_account: NDArray[np.intp],
    segment_of_rep: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Fold segments into eligibility classes: one row per class that occurs."""
    k = fill.rep_order.size
    given = fill.accounts(problem.class_of_account, 0, "class_of_account")
    if problem.class_allows is None:
        allows = np.ones((int(given.max(initial=0)) + 1, k), dtype=bool)
    else:
        allows = np.asarray(problem.class_allows, dtype=bool)
        if allows.ndim != 2 or allows.shape[1] != k:
            raise ValueError(f"class_allows must be (n_classes, {k})")
        allows = allows[:, fill.rep_order]
    if given.size and (given.min() < 0 or given.max() >= allows.shape[0]):
        raise ValueError("class_of_account points outside class_allows")
    both = np.column_stack([given, segment_of_account]).astype(np.intp)
    kinds, class_of = np.unique(both, axis=0, return_inverse=True)
    rows = allows[kinds[:, 0]] & (segment_of_rep[None, :] == kinds[:, 1][:, None])
    return class_of.reshape(-1).astype(np.intp), rows


def _places(
    latitude: NDArray[np.float64], longitude: NDArray[np.float64], ids: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], tuple[str, ...]]:
    """Return unit vectors, who has none, and notes on impossible coordinates."""
    missing = np.isnan(latitude) | np.isnan(longitude)
    with np.errstate(invalid="ignore"):
        possible = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
    strange = ~missing & ~possible
    notes = tuple(
        f"{ids[row]} lies at impossible coordinates "
        f"({latitude[row]}, {longitude[row]}); treated as remote"
        for row in np.flatnonzero(strange)[:20]
    )
    is_remote = missing | strange
    north = np.radians(np.where(is_remote, 0.0, latitude).astype(np.float64))
    east = np.radians(np.where(is_remote, 0.0, longitude).astype(np.float64))
    vectors = np.column_stack(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)]
    )
    return vectors, is_remote, notes


def _pair_costs(
    problem: TerritoryProblem, accounts: NDArray[np.intp], reps: NDArray[np.intp]
) -> NDArray[np.float64]:
    if problem.pair_cost_cents is None:
        return np.empty((0, reps.size))
    given = np.asarray(problem.pair_cost_cents, dtype=np.float64)
    if given.shape != (accounts.size, reps.size):
        raise ValueError("pair_cost_cents must be (n_accounts, n_reps)")
    if not np.isfinite(given).all() or (given < 0).any():
        raise ValueError("pair_cost_cents must be finite and not negative")
    return given[np.ix_(accounts, reps)]
