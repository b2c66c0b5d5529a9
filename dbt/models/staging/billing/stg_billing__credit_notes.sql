with source as (

    select * from {{ source('billing', 'credit_notes') }}

),

renamed as (

    select
        -- ids
        credit_note_id,
        invoice_id,

        -- amounts
        {{ to_cents('amount') }} as amount_cents,
        currency,

        -- dates
        issued_at,
        cast(issued_at as date) as issued_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
