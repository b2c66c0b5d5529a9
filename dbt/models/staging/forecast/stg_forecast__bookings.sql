with source as (

    select * from {{ source('forecast', 'bookings') }}

),

renamed as (

    select
        node_level,
        node_id,
        month_start,
        horizon,
        p10_cents,
        p50_cents,
        p90_cents,
        model,
        is_thin,
        as_of

    from source

)

select * from renamed
