with source as (

    select * from {{ source('hris', 'job_history') }}

),

renamed as (

    select
        -- ids
        worker_id,
        manager_id as manager_worker_id,
        position_id,

        -- job
        job_profile,
        role as role_name,
        segment as segment_name,
        region as region_name,
        team,

        -- place
        city,
        latitude,
        longitude,

        -- dates
        effective_date as effective_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
