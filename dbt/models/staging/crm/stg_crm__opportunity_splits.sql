with source as (

    select * from {{ source('crm', 'opportunity_splits') }}

),

renamed as (

    select
        -- ids
        opportunity_id,
        user_id as rep_id,

        -- states
        split_type,

        -- amounts
        percent / 100 as credit_share,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
