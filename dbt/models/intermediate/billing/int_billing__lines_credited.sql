{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='account_id',
    meta={'changed': 'int_billing__accounts_changed'}
) }}

with notes as (

    select notes.*
    from {{ ref('int_billing__known_credit_notes') }} as notes
    inner join {{ ref('stg_reference__run') }} as run
        on notes.issued_on <= run.data_through

),

invoices as (

    select * from {{ ref('int_billing__invoices_in_force') }}

),

rates as (

    select * from {{ ref('int_currency__dated_rates') }}

),

-- few invoices have a note: only the lines of those are put in order
lines as (

    select
        billed.*,
        sum(billed.amount_cents) over (
            partition by billed.invoice_id
            order by billed.line_id
            rows between unbounded preceding and current row
        ) as cents_after,
        sum(billed.amount_cents) over (partition by billed.invoice_id) as invoice_cents
    from {{ ref('int_billing__lines_billed') }} as billed
    where
        billed.amount_cents > 0
        and billed.invoice_id in (select notes.invoice_id from notes)
        and {{ only_changed('int_billing__accounts_changed', 'account_id', 'billed') }}

),

-- at the rate the invoice was booked with, so that a full credit leaves nothing
valued as (

    select
        notes.credit_note_id,
        notes.invoice_id,
        invoices.account_id,
        invoices.is_linked,
        greatest(notes.issued_on, invoices.issued_on) as issued_on,
        {{ exchanged('notes.amount_cents', 'coalesce(rates.company_currency_per_unit, 1)') }}
            as credited_cents
    from notes
    inner join invoices
        on notes.invoice_id = invoices.invoice_id
    left join rates
        on
            {{ currency_code('notes.currency') }} = rates.currency
            and invoices.issued_on between rates.valid_from and rates.valid_to
    where {{ only_changed('int_billing__accounts_changed', 'account_id', 'invoices') }}

),

final as (

    -- over the invoice's lines by their amount, and over the same days of service
    select
        'credit_note:' || valued.credit_note_id
        || coalesce(':' || lines.line_id, '') as line_id,
        valued.invoice_id,
        valued.account_id,
        valued.is_linked,
        valued.issued_on,
        -1 * case
            when lines.line_id is null then valued.credited_cents
            else {{ part_of(
                'valued.credited_cents', '(lines.cents_after - lines.amount_cents)',
                'lines.cents_after', 'lines.invoice_cents'
            ) }}
        end as amount_cents,
        coalesce(lines.service_from, valued.issued_on) as service_from,
        coalesce(lines.service_days, 1) as service_days
    from valued
    left join lines
        on valued.invoice_id = lines.invoice_id

)

select * from final
