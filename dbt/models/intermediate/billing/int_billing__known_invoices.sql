{{ config(
    materialized='incremental',
    incremental_strategy='replace_told',
    unique_key='invoice_id',
    meta={'told': 'stg_billing__invoices'}
) }}

with known as (

    {{ as_known(
        ref('stg_billing__invoices'),
        ['invoice_id'],
        among=only_told(ref('stg_billing__invoices'), 'invoice_id')
    ) }}

),

final as (

    select
        invoice_id,
        customer_id,
        subscription_id,
        total_cents,
        currency,
        status,
        issued_on,
        due_on,
        paid_on,
        known_on
    from known

)

select * from final
