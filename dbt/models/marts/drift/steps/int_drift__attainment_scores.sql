with in_force as (

    select * from {{ ref('int_plan__months_in_force') }}
    where is_complete

),

planned as (

    select * from {{ ref('int_plan__planned_measures') }}
    where measure = 'bookings'

),

bookings as (

    select * from {{ ref('int_plan__actual_bookings') }}

),

variances as (

    select * from {{ ref('int_drift__bookings_variance') }}

),

months as (

    select
        planned.node_level,
        planned.node_id,
        planned.month_start,
        planned.plan_version,
        planned.plan_value,
        before.plan_value as plan_value_before,
        in_force.previous_plan_version,
        variances.variance_factor_cents,
        variances.mean_deal_cents,
        coalesce(variances.months_count, 0) as history_months_count,
        cast(coalesce(bookings.bookings_cents, 0) as double) as actual_value
    from in_force
    inner join planned
        on
            in_force.plan_version = planned.plan_version
            and in_force.month_start = planned.month_start
    left join planned as before
        on
            in_force.previous_plan_version = before.plan_version
            and planned.node_level = before.node_level
            and planned.node_id = before.node_id
            and planned.month_start = before.month_start
    left join bookings
        on
            planned.node_level = bookings.node_level
            and planned.node_id = bookings.node_id
            and planned.month_start = bookings.month_start
    left join variances
        on
            planned.plan_version = variances.plan_version
            and planned.node_level = variances.node_level
            and planned.node_id = variances.node_id

),

scored as (

    select
        *,
        {{ gamma_normal_score(
            'actual_value', 'plan_value', '(variance_factor_cents * plan_value)'
        ) }} as gamma_z,
        plan_value / mean_deal_cents as expected_deals
    from months

),

final as (

    -- evidence starts anew where another version takes over with another figure
    select
        'attainment' as metric,
        node_level,
        node_id,
        month_start,
        plan_version,
        plan_value,
        actual_value,
        history_months_count,
        {{ stable(score_of_few_deals('gamma_z', 'expected_deals')) }} as z,
        case
            when previous_plan_version is null then 1
            when previous_plan_version = plan_version then 0
            when plan_value_before = plan_value then 0
            else 1
        end as is_restart
    from scored

)

select * from final
