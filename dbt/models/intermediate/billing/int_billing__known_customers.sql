with known as (

    {{ as_known(ref('stg_billing__customers'), ['customer_id']) }}

),

final as (

    select
        customer_id,
        account_id,
        name,
        currency,
        created_on,
        known_on
    from known

)

select * from final
