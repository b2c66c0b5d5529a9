with opportunities as (

    select * from {{ ref('fct_opportunity') }}

),

bookings as (

    select * from {{ ref('fct_bookings') }}
    where is_in_plan

),

happenings as (

    select
        opened_on as date_day,
        rep_id,
        segment_id,
        region_id,
        1 as opened_count,
        amount_cents as opened_cents,
        0 as bookings_cents,
        0 as decided_count,
        0 as won_count,
        0 as won_cents,
        0 as won_days
    from opportunities
    where opened_on is not null

    union all

    select
        booked_on as date_day,
        rep_id,
        segment_id,
        region_id,
        0 as opened_count,
        0 as opened_cents,
        amount_cents as bookings_cents,
        0 as decided_count,
        0 as won_count,
        0 as won_cents,
        0 as won_days
    from bookings

    union all

    select
        close_date as date_day,
        rep_id,
        segment_id,
        region_id,
        0 as opened_count,
        0 as opened_cents,
        0 as bookings_cents,
        1 as decided_count,
        case when is_won then 1 else 0 end as won_count,
        case when is_won then amount_cents else 0 end as won_cents,
        case when is_won then cycle_days else 0 end as won_days
    from opportunities
    where is_closed

),

final as (

    select
        date_day,
        rep_id,
        segment_id,
        region_id,
        cast(sum(opened_count) as bigint) as opened_count,
        cast(sum(coalesce(opened_cents, 0)) as bigint) as opened_cents,
        cast(sum(bookings_cents) as bigint) as bookings_cents,
        cast(sum(decided_count) as bigint) as decided_count,
        cast(sum(won_count) as bigint) as won_count,
        cast(sum(coalesce(won_cents, 0)) as bigint) as won_cents,
        cast(sum(coalesce(won_days, 0)) as bigint) as won_days
    from happenings
    group by date_day, rep_id, segment_id, region_id

)

select * from final
