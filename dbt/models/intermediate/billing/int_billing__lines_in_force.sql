{{ config(materialized='view') }}

with billed as (

    select * from {{ ref('int_billing__lines_billed') }}

),

credited as (

    select * from {{ ref('int_billing__lines_credited') }}

),

final as (

    select
        line_id,
        invoice_id,
        account_id,
        is_linked,
        issued_on,
        amount_cents,
        is_proration,
        false as is_credit_note,
        service_from,
        service_days,
        service_from as earned_from
    from billed

    union all

    -- nothing is given back before the note is issued
    select
        line_id,
        invoice_id,
        account_id,
        is_linked,
        issued_on,
        amount_cents,
        false as is_proration,
        true as is_credit_note,
        service_from,
        service_days,
        greatest(service_from, issued_on) as earned_from
    from credited

)

select * from final
