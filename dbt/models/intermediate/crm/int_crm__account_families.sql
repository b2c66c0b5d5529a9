with accounts as (

    select * from {{ ref('int_crm__accounts_described') }}

),

-- a parent that no extract holds cannot head a family
parents as (

    select
        accounts.account_id,
        coalesce(above.account_id, accounts.account_id) as up_account_id
    from accounts
    left join accounts as above
        on accounts.parent_account_id = above.account_id

),

-- each step looks twice as far up as the one before: 16 levels in all
{% for step in range(1, 5) -%}
    up_{{ step }} as (

        select
            below.account_id,
            above.up_account_id
        from {{ 'parents' if loop.first else 'up_' ~ (step - 1) }} as below
        inner join {{ 'parents' if loop.first else 'up_' ~ (step - 1) }} as above
            on below.up_account_id = above.account_id

    ),

{% endfor -%}
final as (

    -- accounts that are each other's parents have no head: each is its own family
    select
        up_4.account_id,
        case
            when heads.up_account_id = up_4.up_account_id then up_4.up_account_id
            else up_4.account_id
        end as family_account_id
    from up_4
    inner join parents as heads
        on up_4.up_account_id = heads.account_id

)

select * from final
