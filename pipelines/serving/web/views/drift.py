"""Drift board: nodes by metrics, causes, history, what each breach asks for."""

from collections.abc import Sequence

from pipelines.serving.web.sections import Page, drawn, rows_of


def drift(page: Page, metric: str, level: str, node: str) -> None:
    """Fill the page; with a metric and a node also the history of that series."""
    page.scope.require_whole("drift")
    page.title = "Drift"
    page.ask(
        "breaches",
        "Breaches",
        """
        select * from drift.fct_drift_breach
        order by state <> 'open', state <> 'proposed', first_seen_on desc, breach_key
        """,
        columns=[
            "breach_key",
            *_told(page, "drift.fct_drift_breach", ("tier",)),
            "state",
            "cause",
            "asks_for",
            *_told(page, "drift.fct_drift_breach", ("verdict", "decision_why")),
            "answered_by_version",
            "scope",
            "first_seen_on",
            "last_seen_on",
            "plan_version",
        ],
        caption="What left its limit and what it asks to be planned again; what is "
        "only watched asks for nothing",
        empty="No breach: every metric is inside its limit.",
        source=rows_of("drift.fct_drift_breach"),
    )
    if metric:
        _history(page, metric, level, node)
    if page.snapshot.has("drift.fct_drift_cause"):
        _causes(page, level or "company", node or "company")
    page.ask(
        "board",
        "Board",
        """
        select *, '/drift?metric=' || url_encode(metric) || '&level='
            || url_encode(node_level) || '&node=' || url_encode(node_id) as history
        from drift.rpt_drift_board
        order by
            case status when 'act' then 0 when 'watch' then 1 when 'on_plan' then 2
                else 3 end,
            metric, node_level, node_id
        """,
        columns=[
            "metric",
            "node_level",
            "node_id",
            "month_start",
            "status",
            "cause",
            "history",
            "to_date_share",
            "below_statistic",
            "above_statistic",
            "act_limit_value",
            "watch_limit_value",
            "plan_version",
        ],
        caption="Every node and metric against the plan in force at the time; "
        "silent: too little history to judge",
        empty="Nothing is watched yet: no plan was published.",
        source=rows_of("drift.rpt_drift_board"),
    )
    if page.snapshot.has("drift.fct_drift_watch"):
        _watch(page)


def _watch(page: Page) -> None:
    """Add leading measures of the last week beside what is usual."""
    page.ask(
        "watch",
        "Watched by the week",
        """
        select
            *,
            actual_to_date / nullif(usual_to_date, 0) as usual_share,
            statistic / nullif(limit_value, 0) as limit_share,
            case
                when is_silent then 'silent'
                when is_alarm and is_explained_by_parent then 'explained above'
                when is_alarm then 'watch'
                else 'as usual'
            end as status
        from drift.fct_drift_watch
        where is_latest
        qualify row_number() over (
            partition by metric, node_level, node_id
            order by is_alarm desc, limit_share desc nulls last, direction
        ) = 1
        order by
            case status when 'watch' then 0 when 'explained above' then 1
                when 'as usual' then 2 else 3 end,
            limit_share desc nulls last, metric, node_level, node_id, direction
        """,
        columns=[
            "metric",
            "node_level",
            "node_id",
            "direction",
            "week_start",
            "status",
            "usual_share",
            "limit_share",
            "watched_from",
            "plan_version",
        ],
        caption="Deals opened, won of those decided, and their amounts, beside what is "
        "usual, to the side for which more speaks; an alarm stands at 100 % of its "
        "limit and asks for nothing. Silent: less than twelve months of history",
        empty="Nothing is watched by the week yet: no plan has been in force for one.",
        source=rows_of("drift.fct_drift_watch"),
    )


def _causes(page: Page, level: str, node: str) -> None:
    """Add the bridges from plan to actual; one node's is drawn."""
    page.ask(
        "causes",
        "From plan to actual, by cause",
        """
        with causes as (
            select * from drift.fct_drift_cause
            where not is_explained_by_company or (node_level = ? and node_id = ?)
        ),
        lines as (
            select distinct
                node_level, node_id, plan_version, plan_cents, actual_cents,
                0 as place, 'plan' as driver, plan_cents as step_cents,
                null::double as plan_factor, null::double as actual_factor
            from causes
            union all
            select
                node_level, node_id, plan_version, plan_cents, actual_cents,
                1, cause, amount_cents, plan_factor, actual_factor
            from causes
            union all
            select distinct
                node_level, node_id, plan_version, plan_cents, actual_cents,
                2, 'actual', actual_cents, null, null
            from causes
        )
        select
            * exclude (plan_factor, actual_factor),
            -- what a deal brings is money; heads, deals and shares are not
            if(driver in ('mix', 'deal_size'), null, plan_factor) as plan_factor,
            if(driver in ('mix', 'deal_size'), null, actual_factor) as actual_factor,
            if(driver in ('mix', 'deal_size'), plan_factor, null)::bigint
                as plan_deal_cents,
            if(driver in ('mix', 'deal_size'), actual_factor, null)::bigint
                as actual_deal_cents,
            node_level || ' ' || node_id as measure,
            if(place = 2, actual_cents, sum(step_cents) over (
                partition by node_level, node_id
                order by place, abs(step_cents) desc, driver
            ))::bigint as after_cents
        from lines
        order by
            node_level <> ? or node_id <> ?, node_level <> 'company',
            abs(actual_cents - plan_cents) desc, node_level, node_id,
            place, abs(step_cents) desc, driver
        """,
        [level, node, level, node],
        columns=[
            "node_level",
            "node_id",
            "driver",
            "step_cents",
            "after_cents",
            "plan_factor",
            "actual_factor",
            "plan_deal_cents",
            "actual_deal_cents",
            "plan_version",
        ],
        caption="Bookings of the full months since the plan took force; the steps of a "
        "node add up to the cent. Nodes no further off than the company are left out",
        empty="No node is off its plan, or no full month has passed.",
        source=rows_of("drift.fct_drift_cause"),
        drawing=drawn(
            "steps",
            f"From plan to actual, by cause: {level} {node}",
            measure=f"{level} {node}",
        ),
    )


def _told(page: Page, table: str, columns: Sequence[str]) -> list[str]:
    """Return which of some columns the copy has; an older release built it without."""
    there = {column.name for column in page.snapshot.catalog.get(table, ())}
    return [column for column in columns if column in there]


def _history(page: Page, metric: str, level: str, node: str) -> None:
    page.ask(
        "history",
        f"History of {metric}, {level} {node}",
        """
        select
            month_start, direction, tier, plan_version, plan_to_date, actual_to_date,
            statistic, limit_value, statistic / nullif(limit_value, 0) as limit_share,
            is_alarm, is_silent, cause, as_of
        from drift.fct_drift_signal
        where metric = ? and node_level = ? and node_id = ?
        order by month_start, direction, tier
        """,
        [metric, level, node],
        columns=[
            "month_start",
            "direction",
            "tier",
            "plan_to_date",
            "actual_to_date",
            "statistic",
            "limit_value",
            "limit_share",
            "is_alarm",
            "is_silent",
            "cause",
            "plan_version",
        ],
        caption="How near the statistic came to its limit; an alarm stands at 100 %",
        empty="This series has no history.",
        source=rows_of(
            "drift.fct_drift_signal", metric=metric, node_level=level, node_id=node
        ),
        drawing=drawn(
            "lines",
            "The statistic as a share of its limit by month and direction",
            x="month_start",
            value="limit_share",
            by="direction",
        ),
    )
