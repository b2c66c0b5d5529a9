with days as (

    select * from {{ ref('stg_reference__fiscal_days') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        days.date_day,
        cast(days.fiscal_year as integer) as fiscal_year,
        cast(days.fiscal_quarter as integer) as fiscal_quarter,
        cast(days.fiscal_period as integer) as fiscal_period,
        cast(days.fiscal_week as integer) as fiscal_week,
        days.week_start,
        days.week_end,
        days.month_start,
        days.month_end,
        days.period_start,
        days.period_end,
        days.quarter_start,
        days.quarter_end,
        days.year_start,
        days.year_end,
        days.date_day <= run.data_through as is_covered,
        run.as_of
    from days
    cross join run

)

select * from final
