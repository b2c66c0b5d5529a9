with forecasts as (

    select * from {{ ref('stg_forecast__rep_outlooks') }}

),

final as (

    select
        rep_id,
        segment_id,
        role,
        tenure_months,
        talent_share,
        talent_p10,
        talent_p90,
        cast(expected_cents as bigint) as expected_cents,
        cast(p10_cents as bigint) as p10_cents,
        cast(p50_cents as bigint) as p50_cents,
        cast(p90_cents as bigint) as p90_cents,
        as_of
    from forecasts

)

select * from final
