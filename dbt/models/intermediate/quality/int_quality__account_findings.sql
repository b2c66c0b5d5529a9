with night as (

    select as_of from {{ ref('stg_reference__run') }}

),

accounts as (

    select * from {{ ref('int_crm__known_accounts') }}

),

customers as (

    select * from {{ ref('int_billing__customer_accounts') }}

),

findings as (

    select
        'account_owner_unknown' as finding,
        accounts.account_id,
        accounts.owner_rep_id as other_id,
        null as score_share,
        null as found_on,
        'its owner is no CRM user' as explanation
    from accounts
    left join {{ ref('int_crm__known_users') }} as users
        on accounts.owner_rep_id = users.user_id
    where accounts.owner_rep_id is not null and users.user_id is null

    union all

    select
        'account_owned_by_leaver' as finding,
        accounts.account_id,
        accounts.owner_rep_id as other_id,
        null as score_share,
        reps.left_on as found_on,
        'its owner has left' as explanation
    from accounts
    inner join {{ ref('int_rep__reps') }} as reps
        on accounts.owner_rep_id = reps.rep_id
    inner join night
        on reps.left_on <= night.as_of

    union all

    select
        'account_duplicate_proposed' as finding,
        duplicate_account_id as account_id,
        kept_account_id as other_id,
        score_share,
        null as found_on,
        explanation
    from {{ ref('int_quality__account_duplicates') }}

    union all

    select
        'customer_not_in_crm' as finding,
        customers.customer_id as account_id,
        customers.account_id as other_id,
        null as score_share,
        null as found_on,
        'billing names an account that the CRM does not hold' as explanation
    from customers
    left join accounts
        on customers.account_id = accounts.account_id
    where customers.is_linked and accounts.account_id is null

    union all

    select
        'customer_without_account' as finding,
        customers.customer_id as account_id,
        null as other_id,
        null as score_share,
        null as found_on,
        'billing does not say which account it is' as explanation
    from customers
    where not customers.is_linked

    union all

    select
        'customer_match_proposed' as finding,
        customer_id as account_id,
        account_id as other_id,
        score_share,
        null as found_on,
        explanation
    from {{ ref('int_quality__customer_matches') }}

)

select * from findings
