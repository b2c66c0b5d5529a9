with source as (

    select * from {{ source('hris', 'requisitions') }}

),

renamed as (

    select
        -- ids
        requisition_id,
        position_id,
        worker_id,

        -- job
        role as role_name,
        segment as segment_name,
        region as region_name,
        status,

        -- dates
        opened_on,
        target_start_on,
        filled_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
