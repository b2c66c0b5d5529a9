"""Capacity and hiring: what heads carry, the gap to target, hires and why."""

from pipelines.serving.web.sections import Page, drawn, rows_of


def capacity(page: Page, version: int | None) -> None:
    """Fill the page for one published version, None where none is in force."""
    page.scope.require_whole("the capacity page")
    page.title = "Capacity and hiring"
    chosen = version or -1
    page.ask(
        "gap",
        "What the heads carry against the target",
        """
        with carried as (
            select
                month_start, sum(heads) as heads, sum(ramped_heads) as ramped_heads,
                cast(sum(capacity_cents) as bigint) as capacity_cents,
                cast(sum(capacity_p10_cents) as bigint) as capacity_p10_cents,
                cast(sum(capacity_p90_cents) as bigint) as capacity_p90_cents
            from plan.fct_plan_capacity where plan_version = ? group by month_start
        ),
        asked as (
            select month_start, sum(value_cents) as target_cents
            from plan.fct_plan_target
            where plan_version = ? and node_level = 'company' and measure = 'bookings'
            group by month_start
        )
        select
            carried.*, cast(asked.target_cents as bigint) as target_cents,
            cast(carried.capacity_cents - asked.target_cents as bigint) as gap_cents
        from carried left join asked on carried.month_start = asked.month_start
        order by carried.month_start
        """,
        [chosen, chosen],
        columns=[
            "month_start",
            "heads",
            "ramped_heads",
            "target_cents",
            "capacity_cents",
            "capacity_p10_cents",
            "capacity_p90_cents",
            "gap_cents",
        ],
        caption="Heads on average over the month; capacity with its 10th and 90th "
        "percentile, summed over segments; a gap below zero is a target nobody carries",
        empty="No plan is in force: nothing is staffed yet.",
        source=rows_of("plan.fct_plan_capacity", plan_version=chosen),
        plan_version=version,
        drawing=drawn(
            "fan",
            "Capacity by month in its band against the target as steps",
            plan="target",
            low="capacity_p10",
            middle="capacity",
            high="capacity_p90",
        ),
    )
    page.ask(
        "hires",
        "Hires",
        """
        select segment_id, role, month_start, hires_count, reason, plan_version
        from plan.fct_plan_hire where plan_version = ?
        order by month_start, segment_id, role
        """,
        [chosen],
        columns=["month_start", "segment_id", "role", "hires_count", "reason"],
        caption="Heads that start in the month, and why",
        empty="The plan hires nobody.",
        source=rows_of("plan.fct_plan_hire", plan_version=chosen),
        plan_version=version,
    )
    page.ask(
        "heads",
        "Heads to date",
        """
        select *
        from core.fct_headcount_month
        where month_start >= (
            select max(as_of) - interval 13 month from meta.publication
        )
        order by month_start desc, segment_id, role
        """,
        columns=[
            "month_start",
            "segment_id",
            "role",
            "opening_heads",
            "hires_count",
            "leavers_count",
            "transfers_in_count",
            "transfers_out_count",
            "closing_heads",
            "on_leave_count",
            "is_partial",
        ],
        caption="Opening + hires + transfers in − leavers − transfers out = closing",
        empty="No head was counted yet.",
        source=rows_of("core.fct_headcount_month"),
    )
    page.ask(
        "attrition",
        "Attrition",
        """
        select
            segment_id, role, tenure_band, monthly_hazard_share, p10 as p10_share,
            p90 as p90_share, leavers_count, is_informed, as_of
        from forecast.fct_attrition order by segment_id, role, tenure_band
        """,
        columns=[
            "segment_id",
            "role",
            "tenure_band",
            "monthly_hazard_share",
            "p10_share",
            "p90_share",
            "leavers_count",
            "is_informed",
        ],
        caption="Chance to leave within a month, with its band",
        empty="Attrition cannot be told from what was delivered.",
        source=rows_of("forecast.fct_attrition"),
    )
    page.ask(
        "ramp",
        "Ramp",
        """
        select *, share as ramped_share, segment_id || ' ' || role as who
        from forecast.fct_ramp order by segment_id, role, tenure_month
        """,
        columns=[
            "segment_id",
            "role",
            "tenure_month",
            "ramped_share",
            "share_p10",
            "share_p90",
            "months_to_80",
            "rep_months_count",
            "is_pooled",
        ],
        caption="Productivity by month since the start, as a share of a ramped rep",
        empty="Too little history to tell how reps ramp.",
        source=rows_of("forecast.fct_ramp"),
        drawing=drawn(
            "lines",
            "Ramp by segment and role: share of full productivity by month of tenure",
            x="tenure_month",
            value="ramped_share",
            by="who",
            type="Q",
        ),
    )
