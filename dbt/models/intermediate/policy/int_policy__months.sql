with days as (

    select * from {{ ref('stg_reference__fiscal_days') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

-- where periods are weeks, a month stands for the period that holds its 15th
ranked as (

    select
        *,
        count(*) over (partition by month_start) as days_count,
        row_number() over (
            partition by month_start
            order by abs({{ days_between('month_start', 'date_day') }} - 14), date_day
        ) as nearness
    from days

),

final as (

    select
        ranked.month_start,
        ranked.month_end,
        ranked.fiscal_year,
        ranked.fiscal_quarter,
        ranked.fiscal_period,
        ranked.month_of_quarter,
        ranked.period_start,
        ranked.period_end,
        ranked.quarter_start,
        ranked.quarter_end,
        ranked.year_start,
        ranked.year_end,
        run.data_through,
        run.as_of,
        ranked.month_start <= run.data_through as has_begun,
        ranked.month_end <= run.data_through as is_complete,
        ranked.days_count
    from ranked
    cross join run
    where ranked.nearness = 1

)

select * from final
