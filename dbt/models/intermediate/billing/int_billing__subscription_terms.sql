with subscriptions as (

    select * from {{ ref('int_billing__known_subscriptions') }}

),

first_known as (

    select
        subscription_id,
        min(known_on) as first_known_on
    from {{ ref('stg_billing__subscriptions') }}
    group by subscription_id

),

customers as (

    select * from {{ ref('int_billing__customer_accounts') }}

),

final as (

    -- a cancelled subscription that names no end served until it was cancelled
    select
        subscriptions.subscription_id,
        customers.account_id,
        customers.currency,
        subscriptions.started_on,
        first_known.first_known_on,
        coalesce(
            subscriptions.ended_on,
            case
                when subscriptions.status in ('canceled', 'cancelled')
                    then subscriptions.canceled_on
            end
        ) as ended_on
    from subscriptions
    inner join first_known
        on subscriptions.subscription_id = first_known.subscription_id
    inner join customers
        on subscriptions.customer_id = customers.customer_id
    where
        subscriptions.started_on is not null
        and subscriptions.status not in (
            'incomplete', 'incomplete_expired', 'trialing'
        )

)

select * from final
