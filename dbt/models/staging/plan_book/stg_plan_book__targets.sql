with source as (

    select * from {{ source('plan_book', 'target') }}

),

renamed as (

    select
        version as plan_version,
        node_level,
        node_id,
        month_start,
        measure,
        value_cents,
        reason

    from source

)

select * from renamed
