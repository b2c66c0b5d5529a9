with forecasts as (

    select * from {{ ref('stg_forecast__capacity_outlooks') }}

),

final as (

    select
        node_level,
        node_id,
        month_start,
        cast(horizon as integer) as horizon,
        heads,
        ramped_heads,
        cast(expected_cents as bigint) as expected_cents,
        cast(p10_cents as bigint) as p10_cents,
        cast(p50_cents as bigint) as p50_cents,
        cast(p90_cents as bigint) as p90_cents,
        as_of
    from forecasts

)

select * from final
