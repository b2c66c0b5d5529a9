with known as (

    {{ as_known(ref('stg_billing__subscription_items'), ['item_id']) }}

),

final as (

    select
        item_id,
        subscription_id,
        product_id,
        quantity,
        unit_amount_cents,
        interval_months,
        known_on
    from known

)

select * from final
