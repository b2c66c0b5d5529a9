with bookings as (

    select
        account_id,
        month_start,
        cast(sum(amount_cents) as bigint) as booked_cents
    from {{ ref('fct_bookings') }}
    group by account_id, month_start

),

revenue as (

    select * from {{ ref('fct_revenue_month') }}

),

customers as (

    select
        account_id,
        min(case when is_linked then 1 else 0 end) = 1 as is_linked
    from {{ ref('int_billing__customer_accounts') }}
    group by account_id

),

accounts as (

    select * from {{ ref('int_crm__accounts_described') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

keys as (

    select
        account_id,
        month_start
    from bookings
    union
    select
        account_id,
        month_start
    from revenue
    where invoiced_cents <> 0

),

sides as (

    select
        keys.account_id,
        keys.month_start,
        not months.is_complete as is_partial,
        months.as_of,
        coalesce(bookings.booked_cents, 0) as booked_cents,
        coalesce(revenue.invoiced_cents, 0) as invoiced_cents,
        coalesce(customers.is_linked, false) as has_billing,
        accounts.account_id is not null and not accounts.is_inferred as has_crm
    from keys
    inner join months
        on keys.month_start = months.month_start
    left join bookings
        on
            keys.account_id = bookings.account_id
            and keys.month_start = bookings.month_start
    left join revenue
        on
            keys.account_id = revenue.account_id
            and keys.month_start = revenue.month_start
    left join customers
        on keys.account_id = customers.account_id
    left join accounts
        on keys.account_id = accounts.account_id

),

totals as (

    select
        *,
        sum(booked_cents) over (partition by account_id) as all_booked_cents,
        sum(invoiced_cents) over (partition by account_id) as all_invoiced_cents
    from sides

),

final as (

    select
        account_id,
        month_start,
        booked_cents,
        invoiced_cents,
        booked_cents - invoiced_cents as residual_cents,
        case
            when booked_cents = invoiced_cents then 'none'
            when not has_crm then 'account_not_in_crm'
            when not has_billing then 'account_not_in_billing'
            when all_booked_cents = all_invoiced_cents then 'timing'
            when booked_cents = 0 then 'invoiced_without_booking'
            when invoiced_cents = 0 then 'booked_without_invoice'
            else 'amounts_differ'
        end as cause,
        is_partial,
        as_of
    from totals

)

select * from final
