with source as (

    select * from {{ source('crm', 'crosswalk') }}

),

renamed as (

    select
        -- ids
        kind,
        crm_id,
        other_id,

        -- states
        is_same,
        decided_by,

        -- dates
        decided_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
