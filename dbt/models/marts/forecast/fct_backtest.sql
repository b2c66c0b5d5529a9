with forecasts as (

    select * from {{ ref('stg_forecast__backtests') }}

),

final as (

    select
        measure,
        model,
        model_version,
        is_baseline,
        origin_on,
        cast(horizon as integer) as horizon,
        node_level,
        node_id,
        unit,
        actual_value,
        forecast_value,
        lower_value,
        upper_value,
        cast(actual_cents as bigint) as actual_cents,
        cast(forecast_cents as bigint) as forecast_cents,
        cast(lower_cents as bigint) as lower_cents,
        cast(upper_cents as bigint) as upper_cents,
        cast(forecast_cents - actual_cents as bigint) as error_cents,
        is_covered,
        covered_share,
        loss,
        is_champion,
        as_of
    from forecasts

)

select * from final
