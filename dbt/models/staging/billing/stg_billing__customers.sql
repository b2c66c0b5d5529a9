with source as (

    select * from {{ source('billing', 'customers') }}

),

renamed as (

    select
        -- ids
        customer_id,
        account_id,

        -- what it is
        name,
        currency,

        -- dates
        cast(created_at as date) as created_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
