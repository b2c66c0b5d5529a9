with days as (

    select * from {{ ref('stg_reference__fiscal_days') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        days.quarter_start,
        days.quarter_end,
        cast(days.fiscal_year as integer) as fiscal_year,
        cast(days.fiscal_quarter as integer) as fiscal_quarter,
        cast(
            {{ days_between('days.quarter_start', 'days.quarter_end') }} + 1 as integer
        ) as days_count,
        days.quarter_end <= run.data_through as is_complete,
        days.quarter_start <= run.data_through
        and days.quarter_end > run.data_through as is_partial,
        run.as_of
    from days
    cross join run
    group by
        days.quarter_start,
        days.quarter_end,
        days.fiscal_year,
        days.fiscal_quarter,
        run.data_through,
        run.as_of

)

select * from final
