with lines as (

    select * from {{ ref('int_billing__known_invoice_lines') }}

),

invoices as (

    select * from {{ ref('int_billing__known_invoices') }}

),

customers as (

    select * from {{ ref('int_billing__customer_accounts') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    -- drafts and voided invoices are no claim on anybody
    select
        lines.line_id,
        lines.invoice_id,
        customers.account_id,
        customers.is_linked,
        invoices.issued_on,
        lines.amount_cents,
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
    inner join customers
        on invoices.customer_id = customers.customer_id
    inner join run
        on invoices.issued_on <= run.data_through
    where invoices.status not in ('draft', 'void', 'voided', 'deleted')

)

select * from final
