with source as (

    select * from {{ source('forecast', 'pipeline') }}

),

renamed as (

    select
        node_level,
        node_id,
        month_start,
        horizon,
        booked_cents,
        open_cents,
        new_cents,
        pipeline_cents,
        series_cents,
        weight_share,
        level_share,
        is_thin,
        as_of

    from source

)

select * from renamed
