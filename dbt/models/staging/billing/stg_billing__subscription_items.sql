with source as (

    select * from {{ source('billing', 'subscription_items') }}

),

renamed as (

    select
        -- ids
        item_id,
        subscription_id,
        product_id,

        -- amounts
        quantity,
        {{ to_cents('unit_amount') }} as unit_amount_cents,
        case interval when 'year' then 12 when 'month' then 1 end as interval_months,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
