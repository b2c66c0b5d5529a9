with reps as (

    select * from {{ ref('int_rep__reps') }}

),

bookings as (

    select
        rep_id,
        month_start,
        cast(sum(amount_cents) as bigint) as bookings_cents,
        count(distinct opportunity_id) as won_count
    from {{ ref('fct_bookings') }}
    group by rep_id, month_start

),

active_days as (

    select * from {{ ref('int_rep__active_days') }}

),

spells as (

    select * from {{ ref('int_rep__job_spells') }}

),

months as (

    select
        *,
        least(month_end, data_through) as counted_on
    from {{ ref('int_policy__months') }}
    where has_begun

),

-- nothing can be said of the months before the company's first booking
first_month as (

    select coalesce(min(month_start), {{ end_of_time() }}) as month_start
    from bookings

),

first_months as (

    select
        reps.rep_id,
        min(coalesce(bookings.month_start, {{ end_of_time() }})) as booked_month_start
    from reps
    left join bookings
        on reps.rep_id = bookings.rep_id
    group by reps.rep_id

),

panel as (

    select
        reps.rep_id,
        reps.segment_id,
        reps.region_id,
        reps.role,
        reps.hired_on,
        reps.tenure_from_on,
        reps.left_on,
        months.month_start,
        months.counted_on,
        months.is_complete,
        months.as_of
    from reps
    inner join first_months
        on reps.rep_id = first_months.rep_id
    cross join first_month
    inner join months
        on
            months.month_start >= first_month.month_start
            and (
                months.month_end >= reps.first_active_on
                or months.month_start >= first_months.booked_month_start
            )

),

jobs as (

    select
        panel.rep_id,
        panel.month_start,
        spells.role,
        spells.segment_id,
        spells.region_id,
        row_number() over (
            partition by panel.rep_id, panel.month_start
            order by spells.valid_from desc
        ) as recency
    from panel
    inner join spells
        on panel.rep_id = spells.rep_id and spells.valid_from <= panel.counted_on

),

final as (

    select
        panel.rep_id,
        panel.month_start,
        coalesce(jobs.role, panel.role) as role,
        coalesce(jobs.segment_id, panel.segment_id) as segment_id,
        coalesce(jobs.region_id, panel.region_id) as region_id,
        panel.hired_on,
        panel.left_on,
        {{ stable(
            'greatest(' ~ months_between('panel.tenure_from_on', 'panel.month_start') ~ ', 0)'
        ) }} as tenure_months,
        coalesce(active_days.active_share, 0) as active_share,
        coalesce(bookings.bookings_cents, 0) as bookings_cents,
        coalesce(bookings.won_count, 0) as won_count,
        not panel.is_complete as is_partial,
        panel.as_of
    from panel
    left join jobs
        on
            panel.rep_id = jobs.rep_id
            and panel.month_start = jobs.month_start
            and jobs.recency = 1
    left join active_days
        on
            panel.rep_id = active_days.rep_id
            and panel.month_start = active_days.month_start
    left join bookings
        on
            panel.rep_id = bookings.rep_id
            and panel.month_start = bookings.month_start

)

select * from final
