with days as (

    select * from {{ ref('stg_reference__fiscal_days') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        days.month_start,
        days.month_end,
        days.fiscal_year,
        days.fiscal_quarter,
        days.fiscal_period,
        days.month_of_quarter,
        days.quarter_start,
        days.quarter_end,
        days.year_start,
        days.year_end,
        run.data_through,
        run.as_of,
        days.month_start <= run.data_through as has_begun,
        days.month_end <= run.data_through as is_complete,
        count(*) as days_count
    from days
    cross join run
    group by
        days.month_start,
        days.month_end,
        days.fiscal_year,
        days.fiscal_quarter,
        days.fiscal_period,
        days.month_of_quarter,
        days.quarter_start,
        days.quarter_end,
        days.year_start,
        days.year_end,
        run.data_through,
        run.as_of

)

select * from final
