with source as (

    select * from {{ source('reference', 'fiscal_calendar') }}

),

renamed as (

    select
        date_day,
        month_start,
        month_end,
        fiscal_year,
        fiscal_quarter,
        fiscal_period,
        fiscal_week,
        week_start,
        week_end,
        period_start,
        period_end,
        quarter_start,
        quarter_end,
        year_start,
        year_end,
        month_of_quarter

    from source

)

select * from renamed
