with forecasts as (

    select * from {{ ref('stg_forecast__plan_odds') }}

),

final as (

    select
        cast(plan_version as bigint) as plan_version,
        node_level,
        node_id,
        cast(months_count as bigint) as months_count,
        cast(target_cents as bigint) as target_cents,
        cast(p10_cents as bigint) as p10_cents,
        cast(p50_cents as bigint) as p50_cents,
        cast(p90_cents as bigint) as p90_cents,
        met_share,
        as_of
    from forecasts

)

select * from final
