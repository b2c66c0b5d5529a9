"""Quotas and pay: over-assignment by node, attainability, fairness, what it costs."""

from collections.abc import Callable, Mapping

import polars as pl

from pipelines.planning.pay import curve_of
from pipelines.serving.reading import Rows
from pipelines.serving.web.sections import Page, drawn, rows_of

PAY_COLUMNS = (
    "role",
    "threshold_share",
    "accelerator",
    "second_accelerator_from_share",
    "second_accelerator",
    "cap_multiple",
    "mean_cents",
    "p90_cents",
    "leverage_multiple",
    "reason",
)


def quotas(
    page: Page,
    version: int | None,
    content: Callable[[int], Mapping[str, pl.DataFrame]],
) -> None:
    """Fill the page for one published version, None where none is in force.

    `content` gives what a version holds; payout curves are read from it.
    """
    page.title = "Quotas and pay"
    chosen = version or -1
    if page.scope.is_whole:
        _hierarchy(page, chosen, version)
    _reps(page, chosen, version)
    if page.scope.visitor.sees_pay and page.scope.is_whole:
        _pay(page, chosen, version, content)


def _hierarchy(page: Page, chosen: int, version: int | None) -> None:
    page.ask(
        "nodes",
        "Over-assignment",
        """
        select
            node_level, node_id,
            cast(sum(value_cents) filter (measure = 'bookings') as bigint)
                as target_cents,
            cast(sum(value_cents) filter (measure = 'quota') as bigint) as quota_cents,
            sum(value_cents) filter (measure = 'quota')
                / nullif(sum(value_cents) filter (measure = 'bookings'), 0) - 1
                as over_assigned_share
        from plan.fct_plan_target
        where plan_version = ? and node_level <> 'cell'
        group by node_level, node_id
        order by case node_level when 'company' then 0 else 1 end, node_level, node_id
        """,
        [chosen],
        columns=[
            "node_level",
            "node_id",
            "target_cents",
            "quota_cents",
            "over_assigned_share",
        ],
        caption="Quotas handed out against the bookings target of the plan's months",
        empty="No plan is in force: no quota was handed out.",
        source=rows_of("plan.fct_plan_target", plan_version=chosen),
        plan_version=version,
    )


def _reps(page: Page, chosen: int, version: int | None) -> None:
    page.ask(
        "reps",
        "Quota by rep: attainability and fairness",
        """
        with given as (
            select
                rep_id, any_value(segment_id) as segment_id,
                any_value(region_id) as region_id,
                cast(sum(quota_cents) as bigint) as quota_cents,
                cast(sum(base_cents) as bigint) as base_cents, count(*) as months_count
            from plan.fct_plan_quota where plan_version = ? group by rep_id
        ),
        book as (
            select rep_id, cast(sum(potential_cents) as bigint) as potential_cents
            from plan.fct_plan_assignment where plan_version = ? group by rep_id
        ),
        attained as (
            select
                rep_id,
                sum(bookings_cents) / nullif(sum(quota_cents), 0) as attained_share
            from plan.fct_attainment where not is_partial group by rep_id
        ),
        joined as (
            select
                given.*, book.potential_cents, attained.attained_share,
                given.quota_cents / nullif(book.potential_cents, 0)
                    as quota_to_potential_share
            from given
            left join book on given.rep_id = book.rep_id
            left join attained on given.rep_id = attained.rep_id
        ),
        judged as (
            select
                *, quota_to_potential_share
                    / nullif(median(quota_to_potential_share) over peers, 0) - 1
                    as against_peers_share
            from joined window peers as (partition by segment_id)
        )
        select * from judged
        where (? or list_contains(?::varchar[], rep_id))
        order by segment_id, quota_cents desc, rep_id
        """,
        [chosen, chosen, *page.scope.values],
        columns=[
            "rep_id",
            "segment_id",
            "region_id",
            "quota_cents",
            "base_cents",
            "potential_cents",
            "quota_to_potential_share",
            "against_peers_share",
            "attained_share",
            "months_count",
        ],
        caption="Quota of the plan's months; base: before over-assignment; attained: "
        "full quarters so far; against peers: quota per potential against the median "
        "of the segment, 0 % is fair",
        empty="No quota was handed out.",
        source=rows_of("plan.fct_plan_quota", plan_version=chosen),
        plan_version=version,
        drawing=drawn("bars", "Quota of each rep", label="rep_id", value="quota"),
    )


def _pay(
    page: Page,
    chosen: int,
    version: int | None,
    content: Callable[[int], Mapping[str, pl.DataFrame]],
) -> None:
    page.ask(
        "pay",
        "Target pay",
        """
        select
            segment_id, role, avg(heads) as heads, count(*) as months_count,
            cast(sum(target_pay_cents) as bigint) as target_pay_cents,
            cast(sum(variable_cents) as bigint) as variable_cents,
            sum(variable_cents) / nullif(sum(target_pay_cents), 0) as variable_share
        from plan.fct_plan_compensation where plan_version = ?
        group by segment_id, role order by segment_id, role
        """,
        [chosen],
        columns=[
            "segment_id",
            "role",
            "heads",
            "months_count",
            "target_pay_cents",
            "variable_cents",
            "variable_share",
        ],
        caption="Cost at target over the plan's months, base and variable",
        empty="No plan is in force: pay was not planned.",
        source=rows_of("plan.fct_plan_compensation", plan_version=chosen),
        plan_version=version,
    )
    if version is not None:
        page.show(
            "curves",
            "Payout curves",
            lambda: _curves(content(version)),
            columns=PAY_COLUMNS,
            caption="Attainment from which each role is paid, and at what rate; mean "
            "and 90th percentile of a year's variable pay",
            empty="No payout curve was chosen.",
            source=f"/plans/{version}/lines/pay",
            plan_version=version,
            lasts=version,
        )
        page.show(
            "payouts",
            "What each curve pays",
            lambda: _payouts(content(version)),
            columns=["role", "attainment_share", "payout_multiple"],
            caption="Multiple of the target incentive paid at each attainment",
            empty="No payout curve was chosen.",
            source=f"/plans/{version}/lines/pay",
            plan_version=version,
            lasts=version,
            drawing=drawn(
                "lines",
                "Payout over attainment, a line each role",
                x="attainment_share",
                value="payout_multiple",
                by="role",
                type="Q",
            ),
        )


def _curves(content: Mapping[str, pl.DataFrame]) -> Rows:
    curves = content.get("pay")
    return [] if curves is None else curves.to_dicts()


def _payouts(content: Mapping[str, pl.DataFrame]) -> Rows:
    """Return each role's curve from no attainment to twice the quota."""
    return [
        {
            "role": line["role"],
            "attainment_share": percent / 100,
            "payout_multiple": float(curve_of(line).payout(percent / 100)),
        }
        for line in _curves(content)
        for percent in range(0, 201, 10)
    ]
