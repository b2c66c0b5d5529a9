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

final as (

    select
        accounts.family_account_id,
        max(
            case when accounts.account_id = accounts.family_account_id then accounts.name end
        ) as name,
        count(*) as accounts_count,
        count(case when accounts.is_customer then 1 end) as customers_count,
        cast(sum(accounts.bookings_12m_cents) as bigint) as bookings_12m_cents,
        cast(sum(accounts.open_pipeline_cents) as bigint) as open_pipeline_cents,
        cast(coalesce(sum(arr.closing_cents), 0) as bigint) as arr_cents,
        accounts.as_of
    from accounts
    left join arr
        on accounts.account_id = arr.account_id
    group by accounts.family_account_id, accounts.as_of

)

select * from final
