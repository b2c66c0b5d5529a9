with accounts as (

    select
        account_id,
        parent_account_id
    from {{ ref('int_crm__accounts_segmented') }}

),

-- a parent that no extract holds cannot head a family; most accounts have none at all
children as (

    select
        accounts.account_id,
        above.account_id as up_account_id
    from accounts
    inner join accounts as above
        on
            accounts.parent_account_id = above.account_id
            and accounts.account_id <> above.account_id

),

-- each step looks twice as far up as the one before: 16 levels in all
{% for step in range(1, 5) -%}
    {%- set from = 'children' if loop.first else 'up_' ~ (step - 1) -%}
    up_{{ step }} as (

        select
            below.account_id,
            coalesce(above.up_account_id, below.up_account_id) as up_account_id
        from {{ from }} as below
        left join {{ from }} as above
            on below.up_account_id = above.account_id

    ),

{% endfor -%}
final as (

    -- accounts that are each other's parents have no head: each is its own family
    select
        up_4.account_id,
        up_4.up_account_id as family_account_id
    from up_4
    left join children as heads
        on up_4.up_account_id = heads.account_id
    where heads.account_id is null

)

select * from final
