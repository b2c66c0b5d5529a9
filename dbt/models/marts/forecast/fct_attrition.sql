with forecasts as (

    select * from {{ ref('stg_forecast__attrition') }}

),

final as (

    select
        segment_id,
        role,
        tenure_band,
        monthly_hazard_share,
        p10,
        p90,
        cast(leavers_count as bigint) as leavers_count,
        is_informed,
        as_of
    from forecasts

)

select * from final
