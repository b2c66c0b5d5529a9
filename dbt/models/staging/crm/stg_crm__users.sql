with source as (

    select * from {{ source('crm', 'users') }}

),

renamed as (

    select
        -- ids
        user_id,
        manager_id as manager_user_id,
        employee_number,

        -- who
        name,
        email,
        role_name,

        -- states
        is_active,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
