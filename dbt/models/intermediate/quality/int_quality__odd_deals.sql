with deals_by_owner as (

    select
        rep_id,
        min(case when is_closed then close_date end) as first_closed_on,
        count(case when not is_closed then 1 end) as open_count
    from {{ ref('int_crm__known_opportunities') }}
    group by rep_id

),

owners as (

    select
        deals_by_owner.*,
        workers.left_on,
        least(
            workers.hired_on, coalesce(workers.adjusted_hired_on, workers.hired_on)
        ) as hired_on,
        users.user_id is null as is_unknown
    from deals_by_owner
    left join {{ ref('int_rep__identities') }} as identities
        on deals_by_owner.rep_id = identities.rep_id
    left join {{ ref('int_hris__known_workers') }} as workers
        on identities.worker_id = workers.worker_id
    left join {{ ref('int_crm__known_users') }} as users
        on deals_by_owner.rep_id = users.user_id

),

-- few owners can give a deal a finding: most deals need no look at theirs
odd_owners as (

    select *
    from owners
    where
        is_unknown
        or first_closed_on < hired_on
        or (open_count > 0 and left_on is not null)

),

final as (

    select
        opportunities.opportunity_id,
        opportunities.account_id,
        opportunities.rep_id,
        opportunities.amount_cents,
        opportunities.is_amount_restored,
        opportunities.amount_told_on,
        opportunities.is_closed,
        opportunities.close_date,
        odd_owners.hired_on,
        odd_owners.left_on,
        opportunities.rep_id is null or coalesce(odd_owners.is_unknown, false)
            as has_unknown_owner,
        opportunities.account_id is null or accounts.account_id is not null
            as has_unknown_account
    from {{ ref('int_crm__known_opportunities') }} as opportunities
    left join odd_owners
        on opportunities.rep_id = odd_owners.rep_id
    left join {{ ref('int_crm__accounts_segmented') }} as accounts
        on opportunities.account_id = accounts.account_id and accounts.is_inferred
    where
        opportunities.is_amount_restored
        or opportunities.account_id is null
        or accounts.account_id is not null
        or opportunities.rep_id is null
        or odd_owners.is_unknown
        or (opportunities.is_closed and opportunities.close_date < odd_owners.hired_on)
        or (not opportunities.is_closed and odd_owners.left_on is not null)

)

select * from final
