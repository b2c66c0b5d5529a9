with planned as (

    select * from {{ ref('int_plan__planned_measures') }}

),

actuals as (

    select * from {{ ref('int_plan__actual_measures') }}

),

versions as (

    select * from {{ ref('dim_plan_version') }}

),

periods as (

    select * from {{ ref('dim_fiscal_period') }}

),

in_force as (

    select * from {{ ref('int_plan__months_in_force') }}

),

forecasts as (

    select
        *,
        'bookings' as measure
    from {{ ref('stg_forecast__bookings') }}

),

joined as (

    select
        planned.*,
        versions.scenario,
        versions.as_of,
        periods.is_partial,
        periods.is_complete,
        forecasts.p10_cents,
        forecasts.p50_cents,
        forecasts.p90_cents,
        in_force.plan_version is not null as is_in_force,
        case
            when periods.is_complete or periods.is_partial
                then coalesce(actuals.actual_value, 0)
        end as actual_value
    from planned
    inner join versions
        on planned.plan_version = versions.plan_version
    inner join periods
        on planned.month_start = periods.month_start
    left join actuals
        on
            planned.plan_version = actuals.plan_version
            and planned.node_level = actuals.node_level
            and planned.node_id = actuals.node_id
            and planned.month_start = actuals.month_start
            and planned.measure = actuals.measure
    left join in_force
        on
            planned.plan_version = in_force.plan_version
            and planned.month_start = in_force.month_start
    left join forecasts
        on
            planned.node_level = forecasts.node_level
            and planned.node_id = forecasts.node_id
            and planned.month_start = forecasts.month_start
            and planned.measure = forecasts.measure

),

final as (

    -- a month that is not over has no variance: it is not a miss
    select
        plan_version,
        scenario,
        node_level,
        node_id,
        month_start,
        measure,
        plan_value,
        actual_value,
        cast(p10_cents as double) as forecast_p10,
        cast(p50_cents as double) as forecast_p50,
        cast(p90_cents as double) as forecast_p90,
        case when is_complete then actual_value - plan_value end as variance,
        is_partial,
        is_in_force,
        as_of
    from joined

)

select * from final
