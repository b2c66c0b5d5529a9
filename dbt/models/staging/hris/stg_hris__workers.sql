with source as (

    select * from {{ source('hris', 'workers') }}

),

renamed as (

    select
        -- ids
        worker_id,
        employee_number,

        -- who
        name,
        email,

        -- work
        fte as fte_share,
        termination_type,

        -- dates
        hire_date as hired_on,
        adjusted_start_date as adjusted_hired_on,
        termination_date as left_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
