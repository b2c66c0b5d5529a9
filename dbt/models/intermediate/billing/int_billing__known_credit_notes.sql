with known as (

    {{ as_known(ref('stg_billing__credit_notes'), ['credit_note_id']) }}

),

final as (

    select
        credit_note_id,
        invoice_id,
        amount_cents,
        currency,
        issued_on,
        known_on
    from known

)

select * from final
