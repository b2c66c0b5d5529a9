with known as (

    {{ as_known(ref('stg_crm__opportunities'), ['opportunity_id']) }}

),

final as (

    select
        opportunity_id,
        account_id,
        rep_id,
        product_id,
        name,
        booking_type,
        amount_cents,
        currency,
        win_probability_share,
        stage,
        forecast_category,
        is_closed,
        is_won,
        close_date,
        created_on,
        modified_on,
        known_on
    from known
    where not coalesce(is_deleted_in_crm, false)

)

select * from final
