with deals as (

    select * from {{ ref('int_quality__odd_deals') }}

),

findings as (

    select
        'deal_before_hire' as finding,
        deals.opportunity_id,
        deals.rep_id as other_id,
        deals.close_date as found_on,
        deals.amount_cents,
        'closed before its owner was hired on ' || {{ as_text('deals.hired_on') }}
            as explanation
    from deals
    cross join {{ ref('stg_reference__matching') }}
    where
        deals.is_closed
        and deals.close_date
        < {{ add_days('-1 * hire_grace_days', 'deals.hired_on') }}

    union all

    select
        'deal_owned_by_leaver' as finding,
        deals.opportunity_id,
        deals.rep_id as other_id,
        deals.left_on as found_on,
        deals.amount_cents,
        'open, and its owner has left' as explanation
    from deals
    inner join {{ ref('stg_reference__run') }} as run
        on deals.left_on <= run.as_of
    where not deals.is_closed

    union all

    select
        'deal_owner_unknown' as finding,
        opportunity_id,
        rep_id as other_id,
        null as found_on,
        amount_cents,
        'its owner is no CRM user' as explanation
    from deals
    where has_unknown_owner

    union all

    select
        'deal_account_unknown' as finding,
        opportunity_id,
        account_id as other_id,
        null as found_on,
        amount_cents,
        'its account is not among the CRM''s accounts' as explanation
    from deals
    where has_unknown_account

    union all

    select
        'deal_amount_restored' as finding,
        opportunity_id,
        null as other_id,
        amount_told_on as found_on,
        amount_cents,
        'has no amount today; the last one known stands in' as explanation
    from deals
    where is_amount_restored

)

select * from findings
