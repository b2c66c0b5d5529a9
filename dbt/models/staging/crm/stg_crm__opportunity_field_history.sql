with source as (

    select * from {{ source('crm', 'opportunity_field_history') }}

),

renamed as (

    select
        -- ids
        opportunity_id,

        -- states
        field as field_name,
        old_value,
        new_value,

        -- dates
        changed_at,
        cast(changed_at as date) as changed_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
