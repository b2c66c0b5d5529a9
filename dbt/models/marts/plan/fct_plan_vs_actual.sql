with planned as (

    select * from {{ ref('int_plan__planned_measures') }}

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

bookings as (

    select * from {{ ref('int_plan__actual_bookings') }}

),

heads as (

    select * from {{ ref('int_plan__actual_heads') }}

),

quota_bookings as (

    select * from {{ ref('int_plan__actual_quota_bookings') }}

),

forecasts as (

    select * from {{ ref('stg_forecast__bookings') }}

),

joined as (

    select
        planned.plan_version,
        versions.scenario,
        planned.node_level,
        planned.node_id,
        planned.month_start,
        planned.measure,
        planned.plan_value,
        case
            when not periods.is_complete and not periods.is_partial then null
            when planned.measure = 'bookings'
                then cast(coalesce(bookings.bookings_cents, 0) as double)
            when planned.measure = 'heads'
                then cast(coalesce(heads.heads, 0) as double)
            else cast(coalesce(quota_bookings.bookings_cents, 0) as double)
        end as actual_value,
        case when planned.measure = 'bookings' then forecasts.p10_cents end as p10,
        case when planned.measure = 'bookings' then forecasts.p50_cents end as p50,
        case when planned.measure = 'bookings' then forecasts.p90_cents end as p90,
        periods.is_partial,
        periods.is_complete,
        in_force.plan_version is not null as is_in_force,
        versions.as_of
    from planned
    inner join versions
        on planned.plan_version = versions.plan_version
    inner join periods
        on planned.month_start = periods.month_start
    left join in_force
        on
            planned.plan_version = in_force.plan_version
            and planned.month_start = in_force.month_start
    left join bookings
        on
            planned.node_level = bookings.node_level
            and planned.node_id = bookings.node_id
            and planned.month_start = bookings.month_start
    left join heads
        on
            planned.plan_version = heads.plan_version
            and planned.node_level = heads.node_level
            and planned.node_id = heads.node_id
            and planned.month_start = heads.month_start
    left join quota_bookings
        on
            planned.plan_version = quota_bookings.plan_version
            and planned.node_level = quota_bookings.node_level
            and planned.node_id = quota_bookings.node_id
            and planned.month_start = quota_bookings.month_start
    left join forecasts
        on
            planned.node_level = forecasts.node_level
            and planned.node_id = forecasts.node_id
            and planned.month_start = forecasts.month_start

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
        cast(p10 as double) as forecast_p10,
        cast(p50 as double) as forecast_p50,
        cast(p90 as double) as forecast_p90,
        case when is_complete then actual_value - plan_value end as variance,
        is_partial,
        is_in_force,
        as_of
    from joined

)

select * from final
