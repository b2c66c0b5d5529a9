with panel as (

    select * from {{ ref('int_rep__months') }}

),

bookings as (

    select
        rep_id,
        month_start,
        cast(sum(amount_cents) as bigint) as bookings_cents,
        count(distinct opportunity_id) as won_count
    from {{ ref('fct_bookings') }}
    where is_in_plan
    group by rep_id, month_start

),

overlays as (

    select
        rep_id,
        month_start,
        cast(sum(amount_cents) as bigint) as overlay_cents
    from {{ ref('fct_overlay_credit') }}
    group by rep_id, month_start

),

active_days as (

    select * from {{ ref('int_rep__active_days') }}

),

final as (

    select
        panel.rep_id,
        panel.month_start,
        panel.role,
        panel.segment_id,
        panel.region_id,
        panel.hired_on,
        panel.left_on,
        {{ stable(
            'greatest(' ~ months_between('panel.tenure_from_on', 'panel.month_start') ~ ', 0)'
        ) }} as tenure_months,
        coalesce(active_days.active_share, 0) as active_share,
        coalesce(bookings.bookings_cents, 0) as bookings_cents,
        coalesce(bookings.won_count, 0) as won_count,
        coalesce(overlays.overlay_cents, 0) as overlay_cents,
        not panel.is_complete as is_partial,
        panel.as_of
    from panel
    left join active_days
        on
            panel.rep_id = active_days.rep_id
            and panel.month_start = active_days.month_start
    left join bookings
        on
            panel.rep_id = bookings.rep_id
            and panel.month_start = bookings.month_start
    left join overlays
        on
            panel.rep_id = overlays.rep_id
            and panel.month_start = overlays.month_start

)

select * from final
