with known as (

    {{ as_known(ref('stg_crm__products'), ['product_id']) }}

),

final as (

    select
        product_id,
        name,
        product_family,
        is_active,
        launched_on,
        known_on
    from known

)

select * from final
