with in_force as (

    select * from {{ ref('int_plan__months_in_force') }}
    where is_complete

),

capacity as (

    select
        plan_version,
        month_start,
        segment_id || ':' || role as node_id,
        heads
    from {{ ref('fct_plan_capacity') }}

),

history as (

    select * from {{ ref('int_drift__heads_history') }}

),

variances as (

    select * from {{ ref('int_drift__heads_variance') }}

),

months as (

    select
        capacity.node_id,
        capacity.month_start,
        capacity.plan_version,
        capacity.heads as plan_value,
        before.heads as plan_value_before,
        in_force.previous_plan_version,
        variances.variance_factor,
        coalesce(variances.months_count, 0) as history_months_count,
        cast(coalesce(history.closing_heads, 0) as double) as actual_value
    from in_force
    inner join capacity
        on
            in_force.plan_version = capacity.plan_version
            and in_force.month_start = capacity.month_start
    left join capacity as before
        on
            in_force.previous_plan_version = before.plan_version
            and capacity.node_id = before.node_id
            and capacity.month_start = before.month_start
    left join history
        on
            capacity.node_id = history.node_id
            and capacity.month_start = history.month_start
    left join variances
        on capacity.plan_version = variances.plan_version

),

restarts as (

    select
        *,
        case
            when previous_plan_version is null then 1
            when previous_plan_version = plan_version then 0
            when plan_value_before = plan_value then 0
            else 1
        end as is_restart,
        lag(actual_value - plan_value) over (
            partition by node_id order by month_start
        ) as gap_before
    from months

),

scored as (

    -- heads carry over, so what is new in a month is how far the gap has moved
    select
        'headcount' as metric,
        'segment_role' as node_level,
        node_id,
        month_start,
        plan_version,
        plan_value,
        actual_value,
        history_months_count,
        case
            when variance_factor > 0 and plan_value > 0
                then
                    (
                        actual_value
                        - plan_value
                        - case when is_restart = 1 then 0 else coalesce(gap_before, 0) end
                    )
                    / sqrt(variance_factor * greatest(plan_value, 1))
        end as z,
        is_restart
    from restarts

),

final as (

    -- heads are planned to be had: nothing of a plan is pardoned
    select
        *,
        z as z_below,
        z as z_above
    from scored

)

select * from final
