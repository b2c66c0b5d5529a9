{{ config(
    materialized='incremental',
    incremental_strategy='replace_told',
    unique_key='line_id',
    meta={'told': 'stg_billing__invoice_lines'}
) }}

with known as (

    {{ as_known(
        ref('stg_billing__invoice_lines'),
        ['line_id'],
        among=only_told(ref('stg_billing__invoice_lines'), 'line_id')
    ) }}

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
