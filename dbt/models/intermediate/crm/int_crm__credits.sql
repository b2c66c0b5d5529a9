with opportunities as (

    select * from {{ ref('int_crm__known_opportunities') }}

),

final as (

    -- without splits the owner has the whole credit
    select
        opportunity_id,
        rep_id,
        cast(1 as double) as credit_share,
        coalesce(amount_cents, 0) as amount_cents
    from opportunities
    where is_won

)

select * from final
