with windows as (

    select * from {{ ref('int_drift__windows') }}
    where node_level in ('company', 'segment')

),

in_force as (

    select * from {{ ref('int_plan__months_in_force') }}
    where is_complete

),

capacity as (

    select
        capacity.segment_id,
        capacity.role,
        capacity.month_start,
        capacity.heads,
        capacity.ramped_heads
    from {{ ref('fct_plan_capacity') }} as capacity
    inner join in_force
        on
            capacity.plan_version = in_force.plan_version
            and capacity.month_start = in_force.month_start

),

ramps as (

    select
        *,
        max(tenure_month) over (partition by segment_id, role) as last_tenure_month
    from {{ ref('stg_forecast__ramps') }}

),

-- heads that were there, each worth what the curve says of its tenure
present as (

    select
        reps.segment_id,
        reps.role,
        reps.month_start,
        sum(reps.active_share) as heads,
        sum(reps.active_share * coalesce(ramps.share, 1)) as ramped_heads
    from {{ ref('fct_rep_month') }} as reps
    left join ramps
        on
            reps.segment_id = ramps.segment_id
            and reps.role = ramps.role
            and ramps.tenure_month
            = least(cast(floor(reps.tenure_months) as integer), ramps.last_tenure_month)
    group by reps.segment_id, reps.role, reps.month_start

),

held as (

    select
        capacity.segment_id,
        capacity.month_start,
        capacity.heads as plan_heads,
        capacity.ramped_heads as plan_ramped_heads,
        coalesce(present.heads, 0) as actual_heads,
        coalesce(present.ramped_heads, 0) as actual_ramped_heads
    from capacity
    left join present
        on
            capacity.segment_id = present.segment_id
            and capacity.role = present.role
            and capacity.month_start = present.month_start

),

final as (

    select
        windows.node_level,
        windows.node_id,
        {{ stable('sum(held.plan_heads)') }} as plan_heads,
        {{ stable('sum(held.plan_ramped_heads)') }} as plan_ramped_heads,
        {{ stable('sum(held.actual_heads)') }} as actual_heads,
        {{ stable('sum(held.actual_ramped_heads)') }} as actual_ramped_heads
    from windows
    inner join held
        on
            held.month_start between windows.first_month_start and windows.last_month_start
            and (windows.node_level = 'company' or held.segment_id = windows.node_id)
    group by windows.node_level, windows.node_id

)

select * from final
