with forecasts as (

    select * from {{ ref('stg_forecast__pipelines') }}

),

final as (

    select
        node_level,
        node_id,
        month_start,
        cast(horizon as integer) as horizon,
        cast(booked_cents as bigint) as booked_cents,
        cast(open_cents as bigint) as open_cents,
        cast(new_cents as bigint) as new_cents,
        cast(pipeline_cents as bigint) as pipeline_cents,
        cast(series_cents as bigint) as series_cents,
        weight_share,
        level_share,
        is_thin,
        as_of
    from forecasts

)

select * from final
