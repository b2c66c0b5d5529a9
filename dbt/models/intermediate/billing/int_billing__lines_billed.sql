{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='account_id',
    meta={'changed': 'int_billing__accounts_changed'}
) }}

with lines as (

    select * from {{ ref('int_billing__known_invoice_lines') }}

),

invoices as (

    select * from {{ ref('int_billing__invoices_in_force') }}

),

final as (

    select
        lines.line_id,
        lines.invoice_id,
        invoices.account_id,
        invoices.is_linked,
        invoices.issued_on,
        {{ exchanged('lines.amount_cents', 'invoices.company_currency_per_unit') }}
            as amount_cents,
        coalesce(lines.is_proration, false) as is_proration,
        coalesce(lines.service_from, invoices.issued_on) as service_from,
        greatest(
            coalesce(
                {{ days_between('lines.service_from', 'lines.service_to') }} + 1, 1
            ),
            1
        ) as service_days
    from lines
    inner join invoices
        on lines.invoice_id = invoices.invoice_id
    where {{ only_changed('int_billing__accounts_changed', 'account_id', 'invoices') }}

)

select * from final
