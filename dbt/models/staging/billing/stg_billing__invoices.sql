with source as (

    select * from {{ source('billing', 'invoices') }}

),

renamed as (

    select
        -- ids
        invoice_id,
        customer_id,
        subscription_id,

        -- amounts
        {{ to_cents('total') }} as total_cents,
        currency,

        -- states
        status,

        -- dates
        cast(issued_at as date) as issued_on,
        cast(due_at as date) as due_on,
        cast(paid_at as date) as paid_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
