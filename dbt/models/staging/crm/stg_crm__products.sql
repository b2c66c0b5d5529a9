with source as (

    select * from {{ source('crm', 'products') }}

),

renamed as (

    select
        -- ids
        product_id,

        -- what it is
        name,
        family as product_family,
        is_active,
        launched_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
