with bookings as (

    select * from {{ ref('int_plan__actual_bookings') }}

),

periods as (

    select * from {{ ref('dim_fiscal_period') }}

),

first_months as (

    select
        node_level,
        node_id,
        min(month_start) as first_month_start
    from bookings
    group by node_level, node_id

),

-- a month without a booking is a zero, not a gap
every_month as (

    select
        first_months.node_level,
        first_months.node_id,
        periods.month_start,
        periods.month_of_quarter,
        coalesce(bookings.bookings_cents, 0) as bookings_cents,
        coalesce(bookings.deals_count, 0) as deals_count
    from first_months
    inner join periods
        on first_months.first_month_start <= periods.month_start
    left join bookings
        on
            first_months.node_level = bookings.node_level
            and first_months.node_id = bookings.node_id
            and periods.month_start = bookings.month_start
    where periods.is_complete

),

final as (

    -- the level a month was to be judged by is the mean of the year before it
    select
        node_level,
        node_id,
        month_start,
        month_of_quarter,
        bookings_cents,
        deals_count,
        avg(bookings_cents) over (
            partition by node_level, node_id
            order by month_start
            rows between 12 preceding and 1 preceding
        ) as mean_before_cents,
        count(*) over (
            partition by node_level, node_id
            order by month_start
            rows between 12 preceding and 1 preceding
        ) as months_before_count
    from every_month

)

select * from final
