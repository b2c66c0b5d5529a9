{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id'
) }}

with customers as (

    select * from {{ ref('int_billing__customer_accounts') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

calendar as (

    select min(date_day) as begins_on
    from {{ ref('stg_reference__fiscal_days') }}

),

before as (

    {% if is_incremental() -%}
        select * from {{ this }}
    {%- else -%}
        select
            customers.customer_id,
            customers.account_id,
            customers.account_id as previous_account_id,
            customers.is_linked,
            customers.currency,
            calendar.begins_on as calendar_begins_on,
            run.as_of as changed_on
        from customers
        cross join calendar
        cross join run
        where false
    {%- endif %}

),

final as (

    -- a customer that nobody names any more keeps a row, without an account
    select
        coalesce(customers.customer_id, before.customer_id) as customer_id,
        customers.account_id,
        before.account_id as previous_account_id,
        customers.is_linked,
        customers.currency,
        calendar.begins_on as calendar_begins_on,
        run.as_of as changed_on
    from customers
    full outer join before
        on customers.customer_id = before.customer_id
    cross join calendar
    cross join run
    where
        before.customer_id is null
        or before.calendar_begins_on <> calendar.begins_on
        or coalesce(customers.account_id, '') <> coalesce(before.account_id, '')
        or coalesce(customers.is_linked, false) <> coalesce(before.is_linked, false)
        or coalesce(customers.currency, '') <> coalesce(before.currency, '')

)

select * from final
