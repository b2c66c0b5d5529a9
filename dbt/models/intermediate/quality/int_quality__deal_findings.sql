with owners as (

    select
        owners.rep_id,
        workers.left_on,
        least(
            workers.hired_on, coalesce(workers.adjusted_hired_on, workers.hired_on)
        ) as hired_on,
        users.user_id is null as is_unknown
    from (
        select distinct rep_id from {{ ref('int_crm__known_opportunities') }}
    ) as owners
    left join {{ ref('int_rep__identities') }} as identities
        on owners.rep_id = identities.rep_id
    left join {{ ref('int_hris__known_workers') }} as workers
        on identities.worker_id = workers.worker_id
    left join {{ ref('int_crm__known_users') }} as users
        on owners.rep_id = users.user_id

),

-- few deals have a finding: the others are left out once, not five times
described as (

    select
        opportunities.*,
        owners.hired_on,
        owners.left_on,
        coalesce(owners.is_unknown, true) as has_unknown_owner,
        opportunities.account_id is null or accounts.account_id is not null
            as has_unknown_account
    from {{ ref('int_crm__known_opportunities') }} as opportunities
    left join owners
        on opportunities.rep_id = owners.rep_id
    left join {{ ref('int_crm__accounts_described') }} as accounts
        on opportunities.account_id = accounts.account_id and accounts.is_inferred
    where
        opportunities.is_amount_restored
        or opportunities.account_id is null
        or accounts.account_id is not null
        or coalesce(owners.is_unknown, true)
        or (opportunities.is_closed and opportunities.close_date < owners.hired_on)
        or (not opportunities.is_closed and owners.left_on is not null)

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
    cross join {{ ref('stg_reference__matching') }}
    where
        described.is_closed
        and described.close_date
        < {{ add_days('-1 * hire_grace_days', 'described.hired_on') }}

    union all

    select
        'deal_owned_by_leaver' as finding,
        described.opportunity_id,
        described.rep_id as other_id,
        described.left_on as found_on,
        described.amount_cents,
        'open, and its owner has left' as explanation
    from described
    inner join {{ ref('stg_reference__run') }} as run
        on described.left_on <= run.as_of
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
