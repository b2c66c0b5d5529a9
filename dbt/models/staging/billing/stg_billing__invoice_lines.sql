with source as (

    select * from {{ source('billing', 'invoice_lines') }}

),

renamed as (

    select
        -- ids
        line_id,
        invoice_id,
        item_id,

        -- amounts
        {{ to_cents('amount') }} as amount_cents,

        -- states
        is_proration,

        -- dates
        period_start as service_from,
        period_end as service_to,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
