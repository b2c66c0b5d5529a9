with known as (

    {{ as_known(ref('stg_billing__subscriptions'), ['subscription_id']) }}

),

final as (

    select
        subscription_id,
        customer_id,
        status,
        started_on,
        ended_on,
        canceled_on,
        known_on
    from known

)

select * from final
