with policy as (

    select * from {{ ref('stg_reference__matching') }}

),

denied as (

    select
        crm_id as account_id,
        other_id as customer_id
    from {{ ref('int_crm__known_crosswalks') }}
    where kind = 'customer' and not is_same

),

lone_customers as (

    select
        customer_id,
        {{ company_name(plain_text('name')) }} as company
    from {{ ref('int_billing__customer_accounts') }}
    where not is_linked

),

accounts as (

    select
        account_id,
        {{ company_name(plain_text('name')) }} as company
    from {{ ref('int_crm__known_accounts') }}

),

compared as (

    select
        customers.customer_id,
        accounts.account_id,
        customers.company = accounts.company as has_same_name,
        policy.customers_min_score_share,
        {{ likeness('customers.company', 'accounts.company') }} as name_share
    from lone_customers as customers
    inner join accounts
        on left(customers.company, 4) = left(accounts.company, 4)
    cross join policy
    left join denied
        on
            customers.customer_id = denied.customer_id
            and accounts.account_id = denied.account_id
    where
        policy.customers_min_score_share is not null
        and denied.account_id is null
        and customers.company <> ''

),

counted as (

    -- a name that several accounts bear says little about which of them is meant
    select
        *,
        sum(case when has_same_name then 1 else 0 end) over (
            partition by customer_id
        ) as namesakes_count
    from compared

),

scored as (

    select
        customer_id,
        account_id,
        has_same_name,
        namesakes_count,
        customers_min_score_share,
        name_share,
        {{ stable("case when has_same_name and namesakes_count > 1"
            ~ " then 1.0 / namesakes_count else name_share end") }} as score_share
    from counted

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by has_same_name desc, score_share desc, account_id asc
        ) as place
    from scored
    where score_share >= customers_min_score_share

),

final as (

    select
        customer_id,
        account_id,
        score_share,
        'names ' || {{ as_percent('name_share') }} || ' alike'
        || case
            when has_same_name and namesakes_count > 1
                then ', borne by ' || {{ as_text('namesakes_count') }} || ' accounts'
            else ''
        end as explanation
    from ranked
    where place = 1

)

select * from final
