with source as (

    select * from {{ source('crm', 'territory_members') }}

),

renamed as (

    select
        -- ids
        territory_id,
        user_id as rep_id,

        -- dates
        started_on,
        ended_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
