with capacity as (

    select distinct
        plan_version,
        segment_id,
        role
    from {{ ref('fct_plan_capacity') }}

),

heads as (

    select * from {{ ref('fct_headcount_month') }}

),

-- a version is held against the roles it planned, and no others
cells as (

    select
        capacity.plan_version,
        capacity.segment_id,
        heads.month_start,
        heads.closing_heads
    from capacity
    inner join heads
        on
            capacity.segment_id = heads.segment_id
            and capacity.role = heads.role

),

nodes as (

    select
        plan_version,
        'company' as node_level,
        'company' as node_id,
        month_start,
        closing_heads
    from cells

    union all

    select
        plan_version,
        'segment' as node_level,
        segment_id as node_id,
        month_start,
        closing_heads
    from cells

),

final as (

    select
        plan_version,
        node_level,
        node_id,
        month_start,
        cast(sum(closing_heads) as bigint) as heads
    from nodes
    group by plan_version, node_level, node_id, month_start

)

select * from final
