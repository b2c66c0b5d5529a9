with source as (

    select * from {{ source('forecast', 'capacity_outlook') }}

),

renamed as (

    select
        node_level,
        node_id,
        month_start,
        horizon,
        heads,
        ramped_heads,
        expected_cents,
        p10_cents,
        p50_cents,
        p90_cents,
        as_of

    from source

)

select * from renamed
