with final as (

    {{ told_lately(ref('stg_crm__accounts'), 'account_id') }}

    union

    -- what it does not say of itself its owner's job does, or billing
    select account_id
    from {{ ref('int_crm__known_accounts') }}
    where region_name is null or name is null

)

select * from final
