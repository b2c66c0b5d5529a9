with source as (

    select * from {{ source('plan_book', 'capacity') }}

),

renamed as (

    select
        version as plan_version,
        segment_id,
        role,
        month_start,
        heads,
        ramped_heads,
        capacity_cents,
        capacity_p10_cents,
        capacity_p90_cents

    from source

)

select * from renamed
