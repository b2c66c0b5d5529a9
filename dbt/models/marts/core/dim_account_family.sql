with accounts as (

    select * from {{ ref('dim_account') }}

),

arr as (

    select
        account_id,
        closing_cents
    from {{ ref('fct_arr_month') }}
    where is_latest

),

valued as (

    select
        accounts.*,
        case when accounts.is_customer then 1 else 0 end as customers_count,
        coalesce(arr.closing_cents, 0) as arr_cents
    from accounts
    left join arr
        on accounts.account_id = arr.account_id

),

-- most families are one account, which needs no sum
below as (

    select
        family_account_id,
        count(*) as accounts_count,
        sum(customers_count) as customers_count,
        sum(bookings_12m_cents) as bookings_12m_cents,
        sum(open_pipeline_cents) as open_pipeline_cents,
        sum(arr_cents) as arr_cents
    from valued
    where account_id <> family_account_id
    group by family_account_id

),

final as (

    select
        heads.account_id as family_account_id,
        heads.name,
        1 + coalesce(below.accounts_count, 0) as accounts_count,
        {% for one in ['customers_count', 'bookings_12m_cents', 'open_pipeline_cents',
                       'arr_cents'] -%}
            cast(heads.{{ one }} + coalesce(below.{{ one }}, 0) as bigint) as {{ one }},
        {% endfor -%}
        heads.as_of
    from valued as heads
    left join below
        on heads.account_id = below.family_account_id
    where heads.account_id = heads.family_account_id

)

select * from final
