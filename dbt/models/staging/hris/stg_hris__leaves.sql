with source as (

    select * from {{ source('hris', 'leaves') }}

),

renamed as (

    select
        -- ids
        worker_id,

        -- what
        type as leave_type,

        -- dates
        start_date as started_on,
        end_date as ended_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
