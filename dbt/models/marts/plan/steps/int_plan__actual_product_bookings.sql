with bookings as (

    select * from {{ ref('fct_bookings') }}
    where is_in_plan

),

planned as (

    select distinct
        plan_version,
        node_id as product_id
    from {{ ref('fct_plan_target') }}
    where node_level = 'product' and measure = 'bookings'

),

versions as (

    select distinct plan_version
    from planned

),

-- what a version does not name is its product `other`
named as (

    select
        versions.plan_version,
        bookings.segment_id,
        bookings.month_start,
        bookings.amount_cents,
        coalesce(planned.product_id, 'other') as product_id
    from bookings
    cross join versions
    left join planned
        on
            versions.plan_version = planned.plan_version
            and bookings.product_id = planned.product_id

),

nodes as (

    select
        plan_version,
        'product' as node_level,
        product_id as node_id,
        month_start,
        amount_cents
    from named

    union all

    select
        plan_version,
        'segment_product' as node_level,
        segment_id || '/' || product_id as node_id,
        month_start,
        amount_cents
    from named

),

final as (

    select
        plan_version,
        node_level,
        node_id,
        month_start,
        cast(sum(amount_cents) as bigint) as bookings_cents
    from nodes
    group by plan_version, node_level, node_id, month_start

)

select * from final
