with months as (

    select * from {{ ref('int_policy__months') }}

),

final as (

    select
        month_start,
        month_end,
        cast(fiscal_year as integer) as fiscal_year,
        cast(fiscal_quarter as integer) as fiscal_quarter,
        cast(fiscal_period as integer) as fiscal_period,
        cast(month_of_quarter as integer) as month_of_quarter,
        period_start,
        period_end,
        quarter_start,
        quarter_end,
        year_start,
        year_end,
        cast(days_count as integer) as days_count,
        is_complete,
        has_begun and not is_complete as is_partial,
        as_of
    from months

)

select * from final
