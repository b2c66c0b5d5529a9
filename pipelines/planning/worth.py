"""What a re-plan brings and what it disturbs, in money; pure sums over two plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from data_contracts.money import show
from data_contracts.policy import CompanyPolicy
from pipelines.planning.products import company_margin
from pipelines.planning.targets import Horizon

Content = Mapping[str, pl.DataFrame]

_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the sum; cents are never negative."""

    what: str
    cents: int


@dataclass(frozen=True, slots=True)
class Worth:
    """What a re-plan gains and costs over the months it plans."""

    gains: tuple[Item, ...]
    costs: tuple[Item, ...]

    @property
    def gain_cents(self) -> int:
        """Sum of the gains."""
        return sum(item.cents for item in self.gains)

    @property
    def cost_cents(self) -> int:
        """Sum of the costs."""
        return sum(item.cents for item in self.costs)

    def pays(self, multiple: float) -> bool:
        """Tell whether the gain reaches `multiple` times the cost, and is one."""
        return self.gain_cents > 0 and self.gain_cents >= multiple * self.cost_cents

    def told(self) -> str:
        """Say the sum with its lines, largest first."""
        sides = []
        for name, items in (("gain", self.gains), ("cost", self.costs)):
            told = [
                f"{item.what} {show(item.cents)}"
                for item in sorted(items, key=lambda each: -each.cents)
                if item.cents
            ]
            total = sum(item.cents for item in items)
            lines = f" ({'; '.join(told)})" if told else ""
            sides.append(f"{name} {show(total)}{lines}")
        return " against ".join(sides)


def worth_of(
    policy: CompanyPolicy,
    parent: Content,
    draft: Content,
    plan: Horizon,
    *,
    asks_for: tuple[str, ...],
    serving: set[str],
    expected: pl.DataFrame,
) -> Worth:
    """Weigh a re-plan against the plan it departs from.

    Parameters
    ----------
    policy : CompanyPolicy
        Its ``replanning`` prices what is not priced in the lines.
    parent, draft : component name to lines
    plan : Horizon
        Months the draft plans; nothing before them counts.
    asks_for : tuple of str
        Components the breach may change. Books that move only because their owner is
        gone are no gain of a plan that was not asked for territories: the departure
        is a breach of its own.
    serving : set of str
        Reps who are there. An account whose owner is not has to go to somebody: it is
        a gain that it does, and no cost of this plan that it moves.
    expected : frame of node_level, node_id, month_start, p50_cents
        Forecast of bookings, for what capacity is worth.

    Returns
    -------
    Worth
        Every line in cents over the plan's months; equal plans gain nothing.
    """
    rules = policy.replanning
    moved = draft["assignment"].filter(
        pl.col("is_moved"), pl.col("previous_rep_id").is_not_null()
    )
    is_lost = ~pl.col("previous_rep_id").is_in(sorted(serving))
    served = (
        _sum(moved.filter(is_lost), "potential_cents") * len(plan.month_starts)
        if "territories" in asks_for
        else 0
    )
    chosen = moved.filter(~is_lost)
    off = _sum(_differences(parent, draft, plan), "off_cents")
    pay = _later(parent, "compensation", plan, "target_pay_cents") - _later(
        draft, "compensation", plan, "target_pay_cents"
    )
    carried = _carried(draft, expected, plan) - _carried(parent, expected, plan)
    margin = round(carried * company_margin(policy))
    told = _quotas_changed(parent, draft, plan, serving)
    return Worth(
        gains=(
            Item(
                "accounts served again",
                round(served / _MONTHS * rules.unserved_loss_share),
            ),
            Item(
                "targets no longer off",
                round(off * rules.off_target_loss_share),
            ),
            Item("margin of bookings that can be carried", max(margin, 0)),
            Item("pay not spent", max(pay, 0)),
        ),
        costs=(
            Item(
                f"{chosen.height} accounts that change hands",
                _sum(chosen, "move_cost_cents"),
            ),
            Item(
                f"{told} quotas told anew",
                round(told * rules.quota_change_in_currency * 100),
            ),
            Item("margin of bookings no longer carried", max(-margin, 0)),
            Item("pay added", max(-pay, 0)),
            Item("reading and deciding", round(rules.proposal_in_currency * 100)),
        ),
    )


def changed_quotas(
    parent: pl.DataFrame, draft: pl.DataFrame, plan: Horizon
) -> set[str]:
    """Return the reps whose quota over the plan's months is another one."""
    sides = [
        frame.filter(pl.col("month_start") >= plan.effective_from)
        .group_by("rep_id")
        .agg(pl.col("quota_cents").sum())
        for frame in (parent, draft)
    ]
    both = sides[0].join(
        sides[1], on="rep_id", how="full", coalesce=True, suffix="_new"
    )
    is_new = pl.col("quota_cents").ne_missing(pl.col("quota_cents_new"))
    return set(both.filter(is_new)["rep_id"])


def _quotas_changed(
    parent: Content, draft: Content, plan: Horizon, serving: set[str]
) -> int:
    return len(changed_quotas(parent["quota"], draft["quota"], plan) & serving)


def _differences(parent: Content, draft: Content, plan: Horizon) -> pl.DataFrame:
    """Return by how much each cell's bookings target of each month is another one."""
    by = ["node_id", "month_start"]
    sides = [
        side["target"]
        .filter(
            pl.col("node_level") == "cell",
            pl.col("measure") == "bookings",
            pl.col("month_start") >= plan.effective_from,
        )
        .select(*by, "value_cents")
        for side in (parent, draft)
    ]
    both = sides[0].join(sides[1], on=by, how="full", coalesce=True, suffix="_new")
    was, now = (
        pl.col("value_cents").fill_null(0),
        pl.col("value_cents_new").fill_null(0),
    )
    return both.select(off_cents=(now - was).abs())


def _carried(side: Content, expected: pl.DataFrame, plan: Horizon) -> int:
    """Return expected bookings that a plan's capacity can carry, segments by month."""
    can = (
        side["capacity"]
        .filter(pl.col("month_start") >= plan.effective_from)
        .group_by("segment_id", "month_start")
        .agg(pl.col("capacity_cents").sum())
    )
    due = expected.filter(pl.col("node_level") == "segment").select(
        pl.col("node_id").alias("segment_id"), "month_start", "p50_cents"
    )
    both = can.join(due, on=["segment_id", "month_start"], how="inner")
    carried = both.select(pl.min_horizontal("capacity_cents", "p50_cents").sum()).item()
    return int(carried or 0)


def _later(side: Content, component: str, plan: Horizon, column: str) -> int:
    return _sum(
        side[component].filter(pl.col("month_start") >= plan.effective_from), column
    )


def _sum(frame: pl.DataFrame, column: str) -> int:
    return int(frame[column].fill_null(0).sum())
