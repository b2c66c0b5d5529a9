with forecasts as (

    select * from {{ ref('stg_forecast__productivity') }}

),

final as (

    select
        segment_id,
        role,
        cast(ramped_month_cents as bigint) as ramped_month_cents,
        cast(p10_cents as bigint) as p10_cents,
        cast(p90_cents as bigint) as p90_cents,
        cast(reps_count as bigint) as reps_count,
        as_of
    from forecasts

)

select * from final
