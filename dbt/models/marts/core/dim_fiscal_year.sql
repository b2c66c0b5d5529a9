with days as (

    select * from {{ ref('stg_reference__fiscal_days') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        days.year_start,
        days.year_end,
        cast(days.fiscal_year as integer) as fiscal_year,
        cast(
            {{ days_between('days.year_start', 'days.year_end') }} + 1 as integer
        ) as days_count,
        days.year_end <= run.data_through as is_complete,
        days.year_start <= run.data_through
        and days.year_end > run.data_through as is_partial,
        run.as_of
    from days
    cross join run
    group by
        days.year_start,
        days.year_end,
        days.fiscal_year,
        run.data_through,
        run.as_of

)

select * from final
