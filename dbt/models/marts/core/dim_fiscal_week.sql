with days as (

    select * from {{ ref('stg_reference__fiscal_days') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        days.week_start,
        days.week_end,
        cast(days.fiscal_year as integer) as fiscal_year,
        cast(days.fiscal_quarter as integer) as fiscal_quarter,
        cast(days.fiscal_period as integer) as fiscal_period,
        cast(days.fiscal_week as integer) as fiscal_week,
        days.week_end <= run.data_through as is_complete,
        days.week_start <= run.data_through
        and days.week_end > run.data_through as is_partial,
        run.as_of
    from days
    cross join run
    where days.date_day = days.week_end

)

select * from final
