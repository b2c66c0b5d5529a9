{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='account_id',
    meta={'changed': 'int_billing__accounts_changed'}
) }}

with invoices as (

    select * from {{ ref('int_billing__known_invoices') }}

),

customers as (

    select * from {{ ref('int_billing__customer_accounts') }}
    where {{ only_changed('int_billing__accounts_changed', 'account_id') }}

),

rates as (

    select * from {{ ref('int_currency__dated_rates') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    -- drafts and voided invoices are no claim on anybody
    select
        invoices.invoice_id,
        customers.account_id,
        customers.is_linked,
        invoices.issued_on,
        coalesce(rates.company_currency_per_unit, 1) as company_currency_per_unit
    from invoices
    inner join customers
        on invoices.customer_id = customers.customer_id
    inner join run
        on invoices.issued_on <= run.data_through
    left join rates
        on
            {{ currency_code('invoices.currency') }} = rates.currency
            and invoices.issued_on between rates.valid_from and rates.valid_to
    where invoices.status not in ('draft', 'void', 'voided', 'deleted')

)

select * from final
