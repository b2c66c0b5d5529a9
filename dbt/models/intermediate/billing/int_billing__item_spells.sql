with versions as (

    select * from {{ ref('stg_billing__subscription_items') }}

),

subscriptions as (

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

run as (

    select * from {{ ref('stg_reference__run') }}

),

in_order as (

    select
        versions.*,
        row_number() over (
            partition by versions.item_id order by versions.known_on
        ) as place,
        lead(versions.known_on) over (
            partition by versions.item_id order by versions.known_on
        ) as next_known_on
    from versions
    inner join run
        on versions.known_on <= run.as_of

),

ended as (

    -- a cancelled subscription that names no end served until it was cancelled
    select
        subscriptions.subscription_id,
        subscriptions.customer_id,
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
    where
        subscriptions.started_on is not null
        and subscriptions.status not in (
            'incomplete', 'incomplete_expired', 'trialing'
        )

),

-- billing keeps no dates for items: an item that came with its subscription began
-- with it, any later version on the night we learned of it
bounded as (

    select
        in_order.item_id,
        in_order.subscription_id,
        in_order.product_id,
        in_order.quantity,
        in_order.unit_amount_cents,
        in_order.interval_months,
        ended.customer_id,
        case
            when in_order.place = 1 and in_order.known_on <= ended.first_known_on
                then ended.started_on
            else greatest(in_order.known_on, ended.started_on)
        end as valid_from,
        {{ add_days(-1, 'least(in_order.next_known_on, ended.ended_on)') }} as valid_to
    from in_order
    inner join ended
        on in_order.subscription_id = ended.subscription_id
    where not in_order.is_deleted

),

final as (

    select
        bounded.item_id,
        bounded.subscription_id,
        bounded.product_id,
        customers.account_id,
        bounded.valid_from,
        bounded.valid_to,
        cast(
            round(bounded.quantity * bounded.unit_amount_cents * 12 / bounded.interval_months)
            as bigint
        ) as arr_cents
    from bounded
    inner join customers
        on bounded.customer_id = customers.customer_id
    where bounded.valid_to is null or bounded.valid_to >= bounded.valid_from

)

select * from final
