with source as (

    select * from {{ source('crm', 'account_territories') }}

),

renamed as (

    select
        -- ids
        account_id,
        territory_id,

        -- dates
        started_on,
        ended_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
