with source as (

    select * from {{ source('billing', 'subscriptions') }}

),

renamed as (

    select
        -- ids
        subscription_id,
        customer_id,

        -- states
        status,

        -- dates
        cast(started_at as date) as started_on,
        cast(ended_at as date) as ended_on,
        cast(canceled_at as date) as canceled_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
