with night as (

    select as_of from {{ ref('stg_reference__run') }}

),

policy as (

    select hire_grace_days from {{ ref('stg_reference__matching') }}

),

opportunities as (

    select * from {{ ref('int_crm__known_opportunities') }}

),

employed as (

    select
        identities.rep_id,
        workers.left_on,
        least(
            workers.hired_on, coalesce(workers.adjusted_hired_on, workers.hired_on)
        ) as hired_on
    from {{ ref('int_rep__identities') }} as identities
    inner join {{ ref('int_hris__known_workers') }} as workers
        on identities.worker_id = workers.worker_id

),

described as (

    select
        opportunities.*,
        employed.hired_on,
        employed.left_on,
        users.user_id is null as has_unknown_owner,
        accounts.account_id is null as has_unknown_account
    from opportunities
    left join employed
        on opportunities.rep_id = employed.rep_id
    left join {{ ref('int_crm__known_users') }} as users
        on opportunities.rep_id = users.user_id
    left join {{ ref('int_crm__known_accounts') }} as accounts
        on opportunities.account_id = accounts.account_id

),

findings as (

    select
        'deal_before_hire' as finding,
        described.opportunity_id,
        described.rep_id as other_id,
        described.close_date as found_on,
        described.amount_cents,
        'closed before its owner was hired on ' || {{ as_text('described.hired_on') }}
            as explanation
    from described
    cross join policy
    where
        described.is_closed
        and described.close_date
        < {{ add_days('-1 * policy.hire_grace_days', 'described.hired_on') }}

    union all

    select
        'deal_owned_by_leaver' as finding,
        described.opportunity_id,
        described.rep_id as other_id,
        described.left_on as found_on,
        described.amount_cents,
        'open, and its owner has left' as explanation
    from described
    inner join night
        on described.left_on <= night.as_of
    where not described.is_closed

    union all

    select
        'deal_owner_unknown' as finding,
        opportunity_id,
        rep_id as other_id,
        null as found_on,
        amount_cents,
        'its owner is no CRM user' as explanation
    from described
    where has_unknown_owner

    union all

    select
        'deal_account_unknown' as finding,
        opportunity_id,
        account_id as other_id,
        null as found_on,
        amount_cents,
        'its account is not among the CRM''s accounts' as explanation
    from described
    where has_unknown_account

    union all

    select
        'deal_amount_restored' as finding,
        opportunity_id,
        null as other_id,
        amount_told_on as found_on,
        amount_cents,
        'has no amount today; the last one known stands in' as explanation
    from described
    where is_amount_restored

)

select * from findings
