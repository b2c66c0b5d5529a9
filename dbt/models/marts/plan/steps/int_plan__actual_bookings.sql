with bookings as (

    select * from {{ ref('fct_bookings') }}
    where is_in_plan

),

nodes as (

    select
        'company' as node_level,
        'company' as node_id,
        month_start,
        amount_cents
    from bookings

    union all

    select
        'segment' as node_level,
        segment_id as node_id,
        month_start,
        amount_cents
    from bookings

    union all

    select
        'region' as node_level,
        region_id as node_id,
        month_start,
        amount_cents
    from bookings

    union all

    select
        'cell' as node_level,
        segment_id || '/' || region_id as node_id,
        month_start,
        amount_cents
    from bookings

),

final as (

    select
        node_level,
        node_id,
        month_start,
        cast(sum(amount_cents) as bigint) as bookings_cents,
        sum(case when amount_cents > 0 then 1 else 0 end) as deals_count
    from nodes
    group by node_level, node_id, month_start

)

select * from final
