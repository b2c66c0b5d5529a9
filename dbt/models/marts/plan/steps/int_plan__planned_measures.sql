with targets as (

    select * from {{ ref('fct_plan_target') }}

),

capacity as (

    select * from {{ ref('fct_plan_capacity') }}

),

quotas as (

    select * from {{ ref('fct_plan_quota') }}

),

lines as (

    select
        plan_version,
        node_level,
        node_id,
        month_start,
        'bookings' as measure,
        cast(value_cents as double) as plan_value
    from targets
    where
        measure = 'bookings'
        -- the policy's own sums of cells; no actual is held against them
        and node_level <> 'unit'

    union all

    select
        plan_version,
        'company' as node_level,
        'company' as node_id,
        month_start,
        'heads' as measure,
        heads as plan_value
    from capacity

    union all

    select
        plan_version,
        'segment' as node_level,
        segment_id as node_id,
        month_start,
        'heads' as measure,
        heads as plan_value
    from capacity

    union all

    select
        plan_version,
        'company' as node_level,
        'company' as node_id,
        month_start,
        'quota' as measure,
        cast(quota_cents as double) as plan_value
    from quotas

    union all

    select
        plan_version,
        'segment' as node_level,
        segment_id as node_id,
        month_start,
        'quota' as measure,
        cast(quota_cents as double) as plan_value
    from quotas

    union all

    select
        plan_version,
        'region' as node_level,
        region_id as node_id,
        month_start,
        'quota' as measure,
        cast(quota_cents as double) as plan_value
    from quotas

),

final as (

    select
        plan_version,
        node_level,
        node_id,
        month_start,
        measure,
        {{ stable('sum(plan_value)') }} as plan_value
    from lines
    group by plan_version, node_level, node_id, month_start, measure

)

select * from final
