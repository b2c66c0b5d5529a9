with quotas as (

    select * from {{ ref('fct_plan_quota') }}

),

booked as (

    select
        rep_id,
        month_start,
        cast(sum(amount_cents) as bigint) as bookings_cents
    from {{ ref('fct_bookings') }}
    where is_in_plan
    group by rep_id, month_start

),

-- what the reps of a version booked in the months in which it gives them a quota
credited as (

    select
        quotas.plan_version,
        quotas.segment_id,
        quotas.region_id,
        quotas.month_start,
        booked.bookings_cents
    from quotas
    inner join booked
        on
            quotas.rep_id = booked.rep_id
            and quotas.month_start = booked.month_start

),

nodes as (

    select
        plan_version,
        'company' as node_level,
        'company' as node_id,
        month_start,
        bookings_cents
    from credited

    union all

    select
        plan_version,
        'segment' as node_level,
        segment_id as node_id,
        month_start,
        bookings_cents
    from credited

    union all

    select
        plan_version,
        'region' as node_level,
        region_id as node_id,
        month_start,
        bookings_cents
    from credited

),

final as (

    select
        plan_version,
        node_level,
        node_id,
        month_start,
        cast(sum(bookings_cents) as bigint) as bookings_cents
    from nodes
    group by plan_version, node_level, node_id, month_start

)

select * from final
