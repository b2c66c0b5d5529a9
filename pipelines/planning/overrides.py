"""Plan with what people fixed by hand: who keeps what, whose quota, how many hires.

Owners are handed to the solver as named accounts; quotas and hires replace what was
computed, and what that costs somebody else is said beside the plan.
"""

from dataclasses import replace

import polars as pl

from data_contracts.money import show
from pipelines.planning.cycle import PlanDraft, quota_nodes
from pipelines.planning.fixed_hires import fixed_hires
from pipelines.planning.fixed_quotas import fixed_quotas
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts, planned_reps
from pipelines.planning.restating import restated
from pipelines.planning.targets import Horizon
from pipelines.planning.wishes import Wishes, wishes_of

__all__ = ["Wishes", "respected", "wishes_of", "with_owners"]


def with_owners(facts: Facts, wishes: Wishes, plan: Horizon) -> Facts:
    """Return the facts with every fixed owner named, for the solver to keep.

    An owner who is not on the roster any more is left out; `respected` says so.
    """
    if not wishes.owner:
        return facts
    here = set(planned_reps(facts, starts_on=plan.effective_from)["rep_id"])
    named = {account: rep for account, (rep, _) in wishes.owner.items() if rep in here}
    rules = facts.policy.territories
    free = tuple(one for one in rules.locked_accounts if one not in named)
    territories = rules.model_copy(
        update={
            "named_accounts": {**rules.named_accounts, **named},
            "locked_accounts": free,
        }
    )
    policy = facts.policy.model_copy(update={"territories": territories})
    return replace(facts, policy=policy)


def respected(
    draft: PlanDraft,
    facts: Facts,
    forecasts: Forecasts,
    plan: Horizon,
    wishes: Wishes,
    *,
    prices_pay: bool = True,
) -> PlanDraft:
    """Put fixed quotas and hires into a draft and say what every override costs.

    Parameters
    ----------
    draft : PlanDraft
        Solved with `with_owners`.
    prices_pay : bool, default True
        Whether the plan chose its payout curves, rather than carrying them.

    Returns
    -------
    PlanDraft
        Each month's quotas of a segment still sum to what they did, for its other
        reps take the difference over, where there are any. Capacity and pay follow
        the hires, and proof lines say what holds for the plan as it stands. Every
        override has one note: kept and at what price, or why not.
    """
    if not wishes.overrides:
        return draft
    content, notes = dict(draft.content), list(draft.notes)
    content["assignment"], told = _named(content["assignment"], wishes)
    notes += told
    content["quota"], told = fixed_quotas(content["quota"], wishes)
    notes += told
    content["target"] = pl.concat(
        [
            content["target"].filter(pl.col("measure") != "quota"),
            quota_nodes(content["quota"]).select(content["target"].columns),
        ]
    )
    content, told = fixed_hires(content, facts, forecasts, plan, wishes)
    content = restated(
        draft.content, content, facts, forecasts, plan, wishes, prices_pay=prices_pay
    )
    return replace(draft, content=content, notes=(*notes, *told))


def _named(lines: pl.DataFrame, wishes: Wishes) -> tuple[pl.DataFrame, list[str]]:
    """Give fixed accounts their reason; tell what each override came to."""
    told: dict[int, list[int]] = {}
    reasons: dict[str, str] = {}
    missed: list[str] = []
    rows = lines.filter(pl.col("account_id").is_in(list(wishes.owner)))
    for row in rows.iter_rows(named=True):
        rep, one = wishes.owner[row["account_id"]]
        if row["rep_id"] != rep:
            missed.append(
                f"override {one.number} not kept: {rep} cannot own {row['account_id']}"
            )
            continue
        reasons[row["account_id"]] = f"fixed by {one.author}: {one.reason}"
        price = row["move_cost_cents"] if row["is_moved"] else 0
        told.setdefault(one.number, []).append(price or 0)
    notes = []
    for one in wishes.overrides:
        if one.number in told:
            price = sum(told[one.number]) + wishes.kept_cents.get(one.number, 0)
            notes.append(
                f"override {one.number} ({one.ask} {one.key}) kept, costs {show(price)}"
            )
    reason = pl.col("account_id").replace_strict(
        reasons, default=None, return_dtype=pl.String
    )
    return lines.with_columns(pl.coalesce(reason, "reason").alias("reason")), [
        *notes,
        *missed,
    ]
