with source as (

    select * from {{ source('forecast', 'backtest') }}

),

renamed as (

    select
        model,
        origin_on,
        horizon,
        node_level,
        node_id,
        actual_cents,
        forecast_cents,
        lower_cents,
        upper_cents,
        is_covered,
        is_champion,
        as_of

    from source

)

select * from renamed
