with customers as (

    select * from {{ ref('int_billing__known_customers') }}

),

subscriptions as (

    select * from {{ ref('int_billing__known_subscriptions') }}

),

invoices as (

    select * from {{ ref('int_billing__known_invoices') }}

),

every_customer as (

    select customer_id from customers
    union
    select customer_id from subscriptions
    union
    select customer_id from invoices

),

decided as (

    select
        other_id as customer_id,
        min(crm_id) as account_id
    from {{ ref('int_crm__known_crosswalks') }}
    where kind = 'customer' and is_same
    group by other_id

),

final as (

    -- nobody's customer is an account of its own, so that no money is lost
    select
        every_customer.customer_id,
        customers.currency,
        coalesce(decided.account_id, customers.account_id) is not null as is_linked,
        coalesce(
            decided.account_id,
            customers.account_id,
            'customer:' || every_customer.customer_id
        ) as account_id,
        coalesce(customers.name, every_customer.customer_id) as name
    from every_customer
    left join customers
        on every_customer.customer_id = customers.customer_id
    left join decided
        on every_customer.customer_id = decided.customer_id

)

select * from final
