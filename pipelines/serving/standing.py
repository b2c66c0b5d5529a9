"""Where the company stands against the plan in force, as rows."""

from pipelines.serving.reading import Rows, ask
from pipelines.settings import Settings


def by_month(settings: Settings) -> Rows:
    """Return company bookings by month: plan, actual to date, forecast. In cents."""
    return ask(
        settings,
        """
        select
            month_start, plan_version, is_partial, as_of,
            cast(round(plan_value) as bigint) as plan_cents,
            cast(round(actual_value) as bigint) as actual_cents,
            cast(round(forecast_p10) as bigint) as forecast_p10_cents,
            cast(round(forecast_p50) as bigint) as forecast_p50_cents,
            cast(round(forecast_p90) as bigint) as forecast_p90_cents
        from plan.fct_plan_vs_actual
        where node_level = 'company' and measure = 'bookings' and is_in_force
        order by month_start
        """,
    )


def by_node(settings: Settings) -> Rows:
    """Return bookings to date against plan by node, full months of the plan only."""
    return ask(
        settings,
        """
        select
            node_level, node_id,
            cast(round(sum(plan_value)) as bigint) as plan_cents,
            cast(round(sum(actual_value)) as bigint) as actual_cents,
            sum(actual_value) / nullif(sum(plan_value), 0) as attainment_share,
            count(*) as months_count
        from plan.fct_plan_vs_actual
        where
            measure = 'bookings' and is_in_force
            and node_level <> 'cell'
            and actual_value is not null and not is_partial
        group by node_level, node_id
        order by node_level, node_id
        """,
    )
