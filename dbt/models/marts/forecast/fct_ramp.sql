with forecasts as (

    select * from {{ ref('stg_forecast__ramps') }}

),

final as (

    select
        segment_id,
        role,
        cast(tenure_month as integer) as tenure_month,
        share,
        share_p10,
        share_p90,
        cast(months_to_80 as double) as months_to_80,
        cast(months_to_80_p10 as double) as months_to_80_p10,
        cast(months_to_80_p90 as double) as months_to_80_p90,
        cast(rep_months_count as bigint) as rep_months_count,
        is_pooled,
        as_of
    from forecasts

)

select * from final
