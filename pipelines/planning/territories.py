"""Who owns which account: the planning question put to the solver, and its answer.

The mathematics is in ``solvers.territories``; here accounts and reps become arrays.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.policy import CompanyPolicy
from pipelines.planning.account_mix import balanced_metrics, mix_proofs
from pipelines.planning.disruption import within_budget
from pipelines.planning.fit import fit_proofs, with_fit
from pipelines.planning.inputs import Facts
from pipelines.planning.people import NO_SEGMENT, Forecasts
from pipelines.planning.proofs import COMPANY, ProofLine
from pipelines.planning.targets import Horizon
from solvers.certificate import (
    broken_rules,
    certified_bound_cents,
    plan_cost_cents,
)
from solvers.problem import NOBODY, OWNER_LEFT, TerritoryProblem, move_cost
from solvers.result import Proof, gap_share
from solvers.territories import Objective, TerritoryPlan, assign_accounts
from solvers.violation import ViolationKind

NOT_COVERED = "no rep covers its segment and region"
NOT_ALLOWED = "no rule lets anybody own it; given to the lightest book"


@dataclass(frozen=True, slots=True)
class Books:
    """The assignment lines of a plan with the proof that came with them."""

    lines: pl.DataFrame
    gap_share: float
    proof: str
    notes: tuple[str, ...]
    proofs: tuple[ProofLine, ...] = ()


def accounts_with_potential(facts: Facts, forecasts: Forecasts) -> pl.DataFrame:
    """Return accounts sorted by id with potential, home segment and money at risk.

    Potential is weighed by the policy's ideal customer, where it has one; grade and
    score of each account come with it.
    """
    known = (
        facts.accounts.join(
            forecasts.potential.select("account_id", "potential_cents"),
            on="account_id",
            how="left",
        )
        .with_columns(
            pl.col("potential_cents").fill_null(0).clip(lower_bound=0),
            pl.col("segment_id").fill_null(NO_SEGMENT),
            pl.col("region_id").fill_null(NO_SEGMENT),
            pl.col("bookings_12m_cents").fill_null(0).clip(lower_bound=0),
            pl.col("open_pipeline_cents").fill_null(0).clip(lower_bound=0),
        )
        .sort("account_id")
    )
    return with_fit(known, facts.policy.coverage.ideal_customer)


def plan_books(
    facts: Facts,
    forecasts: Forecasts,
    accounts: pl.DataFrame,
    reps: pl.DataFrame,
    plan: Horizon,
    *,
    owner: dict[str, str],
    free: set[str] | None = None,
) -> Books:
    """Assign accounts to reps: even books, few and cheap moves.

    Parameters
    ----------
    facts, forecasts : what is known and expected
    accounts : frame from :func:`accounts_with_potential`
    reps : frame from :func:`pipelines.planning.people.planned_reps`
    plan : Horizon
        Period the assignment is for.
    owner : account id to rep id
        Today's owners; a rep not in `reps` has left.
    free : set of account ids, optional
        Accounts that may move; all others keep their owner. All by default.

    Returns
    -------
    Books
        One line per account. Every account has exactly one owner.

    Raises
    ------
    InfeasibleError
        If there is no rep at all.
    """
    policy = facts.policy
    rep_ids = reps["rep_id"].to_list()
    column = {rep: place for place, rep in enumerate(rep_ids)}
    pool_of_account, pool_of_rep, is_uncovered = _pools(policy, accounts, reps)
    price = _move_prices(policy, accounts)
    rules = policy.territories
    metric_names, load, tolerance = balanced_metrics(policy, accounts)
    today = _columns(accounts, owner, column)
    problem = TerritoryProblem(
        account_ids=accounts["account_id"].to_numpy(),
        rep_ids=np.array(rep_ids),
        metric_names=metric_names,
        load=load,
        tolerance=tolerance,
        current_rep=today,
        segment_of_account=pool_of_account,
        segment_of_rep=pool_of_rep,
        rep_weight=_weights(policy, forecasts, reps, plan),
        ceiling=_ceilings(policy, reps.height, len(metric_names)),
        family=_families(accounts, pool_of_account)
        if rules.keeps_families_together
        else None,
        pinned_rep=_columns(accounts, rules.named_accounts, column),
        is_locked=accounts["account_id"].is_in(list(rules.locked_accounts)).to_numpy(),
        is_in_scope=None
        if free is None
        else accounts["account_id"].is_in(list(free)).to_numpy(),
        latitude=accounts["latitude"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        longitude=accounts["longitude"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        rep_latitude=reps["latitude"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        rep_longitude=reps["longitude"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        visits=np.full(accounts.height, rules.visits_per_year_count),
        travel_cents_per_km=rules.travel_per_km_in_currency * 100,
        move_cost_cents=price,
        # what nobody on the roster owns disturbs nobody by moving
        disruption=np.where(today >= 0, load[:, 0], 0.0),
        disruption_budget=np.inf
        if rules.max_moved_potential_share is None or free is not None
        else rules.max_moved_potential_share * float(load[:, 0].sum()),
    )
    # a repair moves little: what it saves must be worth several hand-overs
    move_price = rules.replan_move_price_multiple if free else 1.0
    problem, answer, eased = within_budget(problem, move_price)
    lines = _lines(accounts, rep_ids, owner, is_uncovered, price, answer, plan)
    weighed = fit_proofs(policy.coverage.ideal_customer, accounts)
    mixed = mix_proofs(policy.coverage.account_mix, accounts, lines["rep_id"].to_list())
    return Books(
        lines=lines,
        gap_share=answer.gap_share,
        proof=answer.proof.value,
        notes=(*_misses(answer, rep_ids), *answer.notes),
        proofs=(*_proofs(problem, answer, move_price), *eased, *mixed, *weighed),
    )


def _proofs(
    problem: TerritoryProblem, answer: TerritoryPlan, move_price: float
) -> Iterator[ProofLine]:
    """Have the checker work out bound and rules again; count the moves of a repair."""
    bound = certified_bound_cents(
        problem, answer.prices, answer.budget_price, move_price=move_price
    )
    broken = broken_rules(problem, answer.rep_of_account)
    if any(note.startswith("outside this scope") for note in answer.notes):
        # books that were uneven before and may not be touched
        broken = tuple(rule for rule in broken if not rule.startswith("bands"))
    reasons = Counter(answer.reason[answer.is_moved].tolist())
    listed = ", ".join(f"{n} {reason}" for reason, n in sorted(reasons.items()))
    rules = f"outside the rules: {'; '.join(broken)}" if broken else "every rule kept"
    is_legal = answer.proof is not Proof.BEST_EFFORT
    cost = plan_cost_cents(problem, answer.rep_of_account, move_price)
    is_priced = bound <= cost * (1 + 1e-9) + 1 and answer.bound_cents <= bound + 1
    yield ProofLine(
        solver="territories",
        node_id=COMPANY,
        proof=answer.proof,
        unit="cents",
        objective=float(answer.cost_cents),
        bound=float(answer.proven_cents) if is_legal else None,
        gap_share=answer.gap_share if is_legal else None,
        is_verified=is_priced and (not broken or not is_legal),
        statement=f"{answer.moved_count} accounts moved ({listed or 'none'}); {rules}; "
        "the bound was worked out again over every eligible pair",
    )
    if move_price != 1.0:
        least = _least_moves(problem, answer)
        yield ProofLine(
            solver="territories",
            node_id="moves",
            proof=Proof.OPTIMAL if least == answer.moved_count else Proof.FEASIBLE,
            unit="accounts",
            objective=float(answer.moved_count),
            bound=float(least),
            gap_share=gap_share(answer.moved_count, least),
            is_verified=is_legal and not broken,
            statement=f"{answer.moved_count} accounts leave an owner who is still "
            f"there; no plan that keeps the rules moves fewer than {least}",
        )


def _least_moves(problem: TerritoryProblem, answer: TerritoryPlan) -> int:
    """Return how many accounts any plan moves at least; none moves fewer than none."""
    if answer.moved_count == 0:
        return 0
    fewest = assign_accounts(
        problem, objective=Objective.FEWEST_MOVES, best_effort=True
    )
    return max(min(fewest.least_moves, answer.moved_count), 0)


def _lines(
    accounts: pl.DataFrame,
    rep_ids: list[str],
    owner: dict[str, str],
    is_uncovered: NDArray[np.bool_],
    price: NDArray[np.int64],
    answer: TerritoryPlan,
    plan: Horizon,
) -> pl.DataFrame:
    names = np.array([*rep_ids, None], dtype=object)  # column -1 is nobody
    lightest = int(np.argmin(answer.loads[:, 0]))
    nobody = answer.rep_of_account < 0  # best effort only: no rule let anybody own it
    column = np.where(nobody, lightest, answer.rep_of_account)
    reason = np.where(nobody, NOT_ALLOWED, np.array(answer.reason, dtype=object))
    reason = np.where(is_uncovered, NOT_COVERED, reason)
    before = [owner.get(account) for account in accounts["account_id"]]
    pairs = zip(before, names[column], strict=True)
    moved = np.array([was not in (None, now) for was, now in pairs], dtype=bool)
    return accounts.select("account_id", "segment_id", "potential_cents").with_columns(
        pl.Series("rep_id", names[column].tolist(), dtype=pl.String),
        pl.lit(plan.effective_from).alias("valid_from"),
        pl.lit(plan.effective_to).alias("valid_to"),
        pl.Series("previous_rep_id", before, dtype=pl.String),
        pl.Series("is_moved", moved),
        pl.Series("reason", list(reason), dtype=pl.String),
        pl.Series("keep_cost_cents", answer.keep_cost_cents),
        pl.Series(
            "move_cost_cents",
            np.where(answer.is_moved, price, 0),  # a lost owner costs nothing to leave
            dtype=pl.Int64,
        ),
        pl.Series(
            "next_best_rep_id", names[answer.next_best_rep].tolist(), dtype=pl.String
        ),
    )


def _misses(answer: TerritoryPlan, rep_ids: list[str]) -> list[str]:
    """Say in one line which books miss their band and by how much."""
    books = [
        f"{rep_ids[miss.rep]} {'+' if miss.kind is not ViolationKind.BAND_LOW else '-'}"
        f"{miss.share:.0%}"
        for miss in answer.violations
        if miss.is_band and miss.rep >= 0
    ]
    others = [miss.what for miss in answer.violations if not miss.is_band]
    if books:
        listed = ", ".join(books)
        others.insert(
            0, f"{len(books)} of {len(rep_ids)} books miss their band: {listed}"
        )
    return others


def _columns(
    accounts: pl.DataFrame, rep_of: dict[str, str], column: dict[str, int]
) -> NDArray[np.intp]:
    """Return the rep column of each account; -1 nobody, -2 somebody who left."""
    found = [rep_of.get(account) for account in accounts["account_id"]]
    return np.array(
        [NOBODY if rep is None else column.get(rep, OWNER_LEFT) for rep in found],
        dtype=np.intp,
    )


def _pools(
    policy: CompanyPolicy, accounts: pl.DataFrame, reps: pl.DataFrame
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Return the pool of each account and each rep, and which accounts lack one.

    A pool is a segment, or a region of a segment where the policy says so: its reps
    share its accounts evenly. Accounts nobody's pool covers join the largest pool of
    their segment, or the largest of all, and say so.
    """
    by_region = "region" in policy.territories.eligibility
    keys = ["segment_id", "region_id"] if by_region else ["segment_id"]
    heads = (
        reps.group_by(keys)
        .len()
        .sort(["len", *keys], descending=[True, *[False] * len(keys)])
    )
    pools = {pool[:-1]: place for place, pool in enumerate(heads.iter_rows())}
    largest = {pool[0]: place for pool, place in reversed(pools.items())}
    wanted = list(accounts.select(keys).iter_rows())
    of_account = [pools.get(key, largest.get(key[0], 0)) for key in wanted]
    return (
        np.array(of_account, dtype=np.intp),
        np.array([pools[key] for key in reps.select(keys).iter_rows()], dtype=np.intp),
        np.array([key not in pools for key in wanted], dtype=np.bool_),
    )


def _weights(
    policy: CompanyPolicy, forecasts: Forecasts, reps: pl.DataFrame, plan: Horizon
) -> NDArray[np.float64]:
    """Return each rep's mean ramp over the plan, (n_reps,): a fair book's size."""
    months = np.arange(len(plan.month_starts))
    weights = []
    for rep in reps.iter_rows(named=True):
        ramp = forecasts.curves(rep["segment_id"], rep["role"], policy).ramp_share
        tenure = np.minimum(months + rep["tenure_months"], ramp.size - 1)
        weights.append(max(float(ramp[tenure].mean()), 0.05))
    return np.array(weights)


def _move_prices(policy: CompanyPolicy, accounts: pl.DataFrame) -> NDArray[np.int64]:
    """Return what is lost when each account changes hands, (n_accounts,)."""
    rules = policy.territories
    return move_cost(
        accounts["bookings_12m_cents"].to_numpy(),
        accounts["open_pipeline_cents"].to_numpy(),
        fixed_cents=round(rules.move_fixed_in_currency * 100),
        revenue_share=rules.move_share_of_bookings_share,
        pipeline_share=rules.move_share_of_pipeline_share,
    )


def _ceilings(
    policy: CompanyPolicy, n_reps: int, n_metrics: int
) -> NDArray[np.float64]:
    most = policy.territories.max_accounts_per_rep_count
    ceiling = np.full((n_reps, n_metrics), np.inf)
    if most is not None:
        ceiling[:, 1] = most
    return ceiling


def _families(accounts: pl.DataFrame, pool: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return one number per family within a pool; -1 stands alone."""
    head = pl.coalesce("parent_account_id", "account_id").alias("head")
    family = pl.struct("head", "pool")
    numbered = accounts.select(head, pl.Series("pool", pool)).select(
        pl.when(family.len().over("head", "pool") > 1)
        .then(family.rank("dense").cast(pl.Int64))
        .otherwise(-1)
    )
    return numbered.to_series().to_numpy().astype(np.intp)
