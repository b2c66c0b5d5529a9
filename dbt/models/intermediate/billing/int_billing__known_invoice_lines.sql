with known as (

    {{ as_known(ref('stg_billing__invoice_lines'), ['line_id']) }}

),

final as (

    select
        line_id,
        invoice_id,
        item_id,
        amount_cents,
        is_proration,
        service_from,
        service_to,
        known_on
    from known

)

select * from final
