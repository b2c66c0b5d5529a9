with source as (

    select * from {{ source('forecast', 'backtest') }}

),

renamed as (

    select
        measure,
        model,
        model_version,
        is_baseline,
        origin_on,
        horizon,
        node_level,
        node_id,
        unit,
        actual_value,
        forecast_value,
        lower_value,
        upper_value,
        actual_cents,
        forecast_cents,
        lower_cents,
        upper_cents,
        is_covered,
        covered_share,
        loss,
        is_champion,
        as_of

    from source

)

select * from renamed
