"""What it would cost to leave a moved account: the plan, solved again without the move.

The price on an assignment line is a bound from the solver's prices, free to give for
every account; this one is the answer to one question, and takes one more solve.
"""

from dataclasses import dataclass, replace

import polars as pl

from data_contracts.errors import LedgerError
from pipelines.ledger.overrides import Ask, Override
from pipelines.planning.computing import PlanInputs, compute
from pipelines.planning.cycle import Content

TERRITORIES = "territories"


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A plan with one account left where it was, against the plan that moves it."""

    account_id: str
    kept_rep_id: str
    stated_cents: int  # what the line says: no plan that keeps it costs less more
    plan_cost_cents: int  # moves and travel of the plan
    forced_cost_cents: int  # the same with the account kept
    also_moves: tuple[str, ...]  # accounts that then move instead
    notes: tuple[str, ...]  # rules that the forced plan then misses

    @property
    def price_cents(self) -> int:
        """What keeping it costs more."""
        return self.forced_cost_cents - self.plan_cost_cents


def keep_account(
    inputs: PlanInputs, content: Content, account_id: str
) -> Counterfactual:
    """Solve a version again with a moved account kept by who owned it.

    Parameters
    ----------
    inputs : PlanInputs
        What the version was computed from.
    content : component name to lines
        The version.

    Returns
    -------
    Counterfactual

    Raises
    ------
    LedgerError
        If the version does not move the account, or its owner cannot keep it.
    """
    lines = content["assignment"].filter(
        pl.col("account_id") == account_id, pl.col("is_moved")
    )
    if lines.is_empty():
        raise LedgerError(
            f"this plan does not move account {account_id!r}",
            fix="see what it moves: aop plan show VERSION --lines assignment",
        )
    line = lines.row(0, named=True)
    keep = Override(
        ask=Ask.ACCOUNT_OWNER,
        key=account_id,
        value=line["previous_rep_id"],
        reason="what if it stayed",
        version=0,
        until=inputs.plan.effective_to,
    )
    told = {(0, part): content[part] for part in ("assignment", "quota")}
    others = tuple(one for one in inputs.overrides if one.key != account_id)
    free = replace(
        inputs,
        overrides=(*others, keep),
        told={**(inputs.told or {}), **told},
    )
    forced = compute(free)
    kept = _owners(forced.content).get(account_id)
    if kept != line["previous_rep_id"]:
        raise LedgerError(
            f"account {account_id!r} cannot be kept by {line['previous_rep_id']}, who "
            "is not on the roster or may not own it",
            fix="ask about an account whose owner is still there",
        )
    was = _owners(content)
    moved = [
        account
        for account, rep in _owners(forced.content).items()
        if rep != was.get(account) and account != account_id
    ]
    return Counterfactual(
        account_id=account_id,
        kept_rep_id=line["previous_rep_id"],
        stated_cents=int(line["keep_cost_cents"] or 0),
        plan_cost_cents=territory_cost(content),
        forced_cost_cents=territory_cost(forced.content),
        also_moves=tuple(moved),
        notes=tuple(n for n in forced.notes if not n.startswith("override")),
    )


def territory_cost(content: Content) -> int:
    """Return what a plan's books cost in moves and travel, in cents.

    From the solver's own statement, else from the moves alone.
    """
    proofs = content.get("proof")
    if proofs is not None:
        mine = proofs.filter(pl.col("solver") == TERRITORIES, pl.col("unit") == "cents")
        if mine.height:
            return round(float(mine["objective"].sum()))
    moved = content["assignment"].filter(pl.col("is_moved"))
    return int(moved["move_cost_cents"].fill_null(0).sum())


def _owners(content: Content) -> dict[str, str]:
    lines = content["assignment"].sort("valid_from", "account_id")
    return dict(lines.select("account_id", "rep_id").iter_rows())
