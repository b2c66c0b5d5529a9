"""What a breach may change: the smallest new plan that answers it, all else frozen."""

from dataclasses import replace
from datetime import date

import polars as pl

from data_contracts.calendar import add_months
from data_contracts.drift import Breach, BreachState, DriftMetric
from data_contracts.errors import LedgerError
from data_contracts.money import split
from pipelines.planning.cycle import Content, PlanDraft, assemble
from pipelines.planning.freezing import (
    frozen_people,
    frozen_quotas,
    scope_of,
    staff_of,
)
from pipelines.planning.inputs import Facts, read_breaches
from pipelines.planning.pay import accrued
from pipelines.planning.people import Forecasts, planned_reps
from pipelines.planning.targets import (
    CELL_SCHEMA,
    Horizon,
    cell_parts,
    horizon,
)
from pipelines.planning.territories import (
    Books,
    accounts_with_potential,
    plan_books,
)
from pipelines.settings import Settings


def all_breaches(settings: Settings) -> list[Breach]:
    """Return every breach of the last night with its state, by key."""
    return [
        Breach(
            key=row["breach_key"],
            metric=DriftMetric(row["metric"]),
            node_level=row["node_level"],
            node_id=row["node_id"],
            direction=row["direction"] or "",
            first_seen_on=row["first_seen_on"],
            scope=row["scope"] or "",
            asks_for=tuple(filter(None, (row["asks_for"] or "").split(","))),
            cause=row["cause"] or "",
            state=BreachState(row["state"]),
            plan_version=row["plan_version"],
            statistic=row["statistic"],
        )
        for row in read_breaches(settings).iter_rows(named=True)
    ]


def rest_of(facts: Facts, parent_effective_to: date) -> Horizon:
    """Return what a re-plan may change: from next month to the plan's end.

    Raises
    ------
    LedgerError
        If the plan ends before the next month starts.
    """
    starts = add_months(facts.as_of, 1)
    if starts > parent_effective_to:
        raise LedgerError(
            f"the plan ends on {parent_effective_to}, before a change from {starts} "
            "could hold",
            fix="plan the next fiscal year: aop plan propose",
        )
    return horizon(facts.policy, starts)


def answer(
    facts: Facts, forecasts: Forecasts, breach: Breach, parent: Content, plan: Horizon
) -> PlanDraft:
    """Plan again what the breach asks for; carry the parent's lines for all else.

    Parameters
    ----------
    parent : component name to lines
        The version the breach departs from.
    plan : Horizon
        Months from the first one that may change.

    Returns
    -------
    PlanDraft
        Books outside the breach's scope, and targets, quotas, people and pay it does
        not ask for, are the parent's to the cent. Accounts whose owner sells no more
        are given to somebody whatever the breach; in a leaver's answer their owner's
        quota goes with them.
    """
    cells = cells_of(parent["target"], plan)
    reason = "carried over from the version before"
    if "targets" in breach.asks_for:
        cells, reason = _new_targets(facts, forecasts, breach, cells)
    reps = planned_reps(facts, starts_on=plan.effective_from)
    accounts = accounts_with_potential(facts, forecasts)
    owners = dict(
        parent["assignment"]
        .sort("valid_from")
        .select("account_id", "rep_id")
        .iter_rows()
    )
    books = plan_books(
        facts,
        forecasts,
        accounts,
        reps,
        plan,
        owner=owners,
        free=_free_accounts(breach, accounts, owners),
    )
    left = scope_of(breach, "rep")
    quotas: pl.DataFrame | None = None
    kept = parent["quota"].filter(pl.col("month_start") >= plan.effective_from)
    if left is not None:
        quotas = kept
        for gone in _handing_over(books.lines, reps, left):
            quotas = hand_over_quota(quotas, gone, books.lines, reps)
    elif "quotas" not in breach.asks_for:
        quotas = kept
    draft = assemble(
        facts,
        forecasts,
        plan,
        cells=cells,
        target_reason=reason,
        books=_with_carried_reasons(books),
        reps=reps,
        quotas=quotas,
        parent=parent,
        also=accrued(
            facts.policy, parent, facts.rep_months, through=facts.last_full_month
        ),
        staff=staff_of(facts, breach, parent, plan),
    )
    content = frozen_people(draft.content, parent, breach, plan)
    if quotas is None:
        content = frozen_quotas(content, kept, breach)
    return replace(draft, content=content)


def cells_of(targets: pl.DataFrame, plan: Horizon) -> pl.DataFrame:
    """Read the bookings cells back from a version's target lines."""
    lines = targets.filter(
        pl.col("node_level") == "cell",
        pl.col("measure") == "bookings",
        pl.col("month_start") >= plan.effective_from,
    )
    parts = [cell_parts(node) for node in lines["node_id"]]
    return lines.select(
        pl.Series("segment_id", [segment for segment, _ in parts], dtype=pl.String),
        pl.Series("region_id", [region for _, region in parts], dtype=pl.String),
        "month_start",
        "value_cents",
    ).sort("segment_id", "region_id", "month_start")


def hand_over_quota(
    quotas: pl.DataFrame, left: str, books: pl.DataFrame, reps: pl.DataFrame
) -> pl.DataFrame:
    """Give a leaver's remaining quota to who received the accounts, month by month.

    Parameters
    ----------
    quotas : quota lines of the months that may change
    left : str
        Rep who is gone.
    books : assignment lines after the move
    reps : frame of rep_id, segment_id, region_id

    Returns
    -------
    quota lines
        Without the leaver; each month's total is what it was. Parts follow the
        potential each receiver took over; with no receiver the leaver's segment
        shares it evenly.
    """
    gone = quotas.filter(pl.col("rep_id") == left).sort("month_start")
    kept = quotas.filter(pl.col("rep_id") != left)
    if gone.is_empty():
        return kept
    taken = (
        books.filter(pl.col("previous_rep_id") == left)
        .group_by("rep_id")
        .agg(pl.col("potential_cents").sum(), pl.len().alias("accounts"))
        .sort("rep_id")
    )
    if taken.is_empty():
        segment = gone["segment_id"][0]
        taken = reps.filter(pl.col("segment_id") == segment).select(
            "rep_id", potential_cents=pl.lit(1), accounts=pl.lit(0, pl.UInt32)
        )
    place = {row["rep_id"]: row for row in reps.iter_rows(named=True)}
    extra = [
        {
            "rep_id": rep,
            "segment_id": place[rep]["segment_id"],
            "region_id": place[rep]["region_id"],
            "month_start": month["month_start"],
            "quota_cents": cents,
            "base_cents": base,
            "reason": f"plus {accounts} accounts of {left}",
        }
        for month in gone.iter_rows(named=True)
        for rep, accounts, cents, base in zip(
            taken["rep_id"],
            taken["accounts"],
            split(month["quota_cents"], taken["potential_cents"].to_list()),
            split(month["base_cents"], taken["potential_cents"].to_list()),
            strict=True,
        )
    ]
    return (
        pl.concat([kept, pl.DataFrame(extra, schema=quotas.schema)])
        .group_by("rep_id", "month_start", maintain_order=True)
        .agg(
            pl.col("segment_id").first(),
            pl.col("region_id").first(),
            pl.col("quota_cents").sum(),
            pl.col("base_cents").sum(),
            pl.col("reason").str.join("; "),
        )
        .select(quotas.columns)
        .sort("rep_id", "month_start")
    )


def _handing_over(books: pl.DataFrame, reps: pl.DataFrame, left: str) -> list[str]:
    """Return who gives quota away: the leaver, and any other owner who sells no more.

    A breach of their own would find their accounts with somebody and ask for nothing.
    """
    owners = books["previous_rep_id"].drop_nulls().unique()
    gone = set(owners.to_list()) - set(reps["rep_id"].to_list())
    return sorted(gone | {left})


def _free_accounts(
    breach: Breach, accounts: pl.DataFrame, owners: dict[str, str]
) -> set[str]:
    """Return the accounts a breach lets move."""
    left = scope_of(breach, "rep")
    if left is not None:
        return {account for account, rep in owners.items() if rep == left}
    if "territories" not in breach.asks_for:
        return set()
    segment = scope_of(breach, "segment")
    if segment is None:
        return set(accounts["account_id"])
    return set(accounts.filter(pl.col("segment_id") == segment)["account_id"])


def _new_targets(
    facts: Facts, forecasts: Forecasts, breach: Breach, cells: pl.DataFrame
) -> tuple[pl.DataFrame, str]:
    """Reset the targets a breach asks for: without the launch, or to the forecast."""
    if breach.metric is DriftMetric.LAUNCH_SLIPPED:
        return _without_launch(facts, breach.node_id, cells)
    expected = forecasts.bookings.filter(
        pl.col("node_level") == breach.node_level, pl.col("node_id") == breach.node_id
    )
    in_scope = pl.lit(value=True)
    if breach.node_level in ("segment", "region"):
        in_scope = pl.col(f"{breach.node_level}_id") == breach.node_id
    if breach.node_level == "cell":
        segment, region = cell_parts(breach.node_id)
        in_scope = (pl.col("segment_id") == segment) & (pl.col("region_id") == region)
    mine, others = cells.filter(in_scope), cells.filter(~in_scope)
    seen = mine.join(expected, on="month_start", how="inner")["month_start"].unique()
    planned = mine.filter(pl.col("month_start").is_in(seen.to_list()))
    if planned.is_empty() or planned["value_cents"].sum() == 0:
        return cells, "carried over: the forecast says nothing about these months"
    wanted = expected.filter(pl.col("month_start").is_in(seen.to_list()))
    total = round(
        int(mine["value_cents"].sum())
        * int(wanted["p50_cents"].sum())
        / int(planned["value_cents"].sum())
    )
    parts = split(max(total, 0), mine["value_cents"].to_list())
    new = mine.with_columns(pl.Series("value_cents", parts, dtype=pl.Int64))
    return (
        pl.concat([new, others]).sort("segment_id", "region_id", "month_start"),
        f"{breach.node_level} {breach.node_id} reset to the forecast after its "
        "attainment left the plan; the rest carried over",
    )


def _without_launch(
    facts: Facts, launch_id: str, cells: pl.DataFrame
) -> tuple[pl.DataFrame, str]:
    """Take what a slipped launch was to bring out of every month it counted in."""
    launch = next(one for one in facts.policy.launches if one.id == launch_id)
    lost = round(launch.expected_per_month_in_currency * 100)
    frames = [pl.DataFrame(schema=CELL_SCHEMA)]
    for (month,), rows in cells.group_by("month_start", maintain_order=True):
        counted = isinstance(month, date) and launch.planned_on <= month
        weights = rows["value_cents"].to_list()
        cut = split(min(lost, sum(weights)) if counted else 0, weights)
        frames.append(
            rows.with_columns(pl.col("value_cents") - pl.Series(cut, dtype=pl.Int64))
        )
    return (
        pl.concat(frames).sort("segment_id", "region_id", "month_start"),
        f"without launch {launch_id}, planned for {launch.planned_on} and not there; "
        "the rest carried over",
    )


def _with_carried_reasons(books: Books) -> Books:
    """Say of an account that stays that it was carried over."""
    reason = (
        pl.when(pl.col("is_moved"))
        .then(pl.col("reason"))
        .otherwise(pl.lit("carried over"))
    )
    return Books(
        lines=books.lines.with_columns(reason.alias("reason")),
        gap_share=books.gap_share,
        proof=books.proof,
        notes=books.notes,
        proofs=books.proofs,
    )
