with night as (

    select as_of from {{ ref('stg_reference__run') }}

),

reps as (

    select * from {{ ref('int_rep__reps') }}

),

identities as (

    select * from {{ ref('int_rep__identities') }}

),

sellers as (

    -- workers who hold a quota-bearing role on the night
    select
        spells.worker_id,
        spells.role,
        spells.hired_on
    from {{ ref('int_hris__job_spells') }} as spells
    inner join night
        on night.as_of between spells.valid_from and coalesce(spells.valid_to, night.as_of)
    inner join {{ ref('stg_reference__roles') }} as roles
        on spells.role = roles.role and roles.is_quota_bearing
    where spells.left_on is null or spells.left_on > night.as_of

),

matched_workers as (

    select distinct worker_id
    from identities
    where worker_id is not null

),

findings as (

    select
        'rep_not_in_hr' as finding,
        reps.rep_id,
        null as worker_id,
        null as score_share,
        null as found_on,
        'sells in the CRM, and no worker has the number or e-mail' as explanation
    from reps
    left join identities
        on reps.rep_id = identities.rep_id
    where reps.is_active and reps.is_quota_bearing and identities.worker_id is null

    union all

    select
        'worker_not_in_crm' as finding,
        null as rep_id,
        sellers.worker_id,
        null as score_share,
        sellers.hired_on as found_on,
        'employed as ' || sellers.role || ', and no CRM user has the number or e-mail'
            as explanation
    from sellers
    left join matched_workers
        on sellers.worker_id = matched_workers.worker_id
    where matched_workers.worker_id is null

    union all

    select
        'rep_inactive_in_crm' as finding,
        identities.rep_id,
        sellers.worker_id,
        null as score_share,
        null as found_on,
        'employed as ' || sellers.role || ', but switched off in the CRM' as explanation
    from sellers
    inner join identities
        on sellers.worker_id = identities.worker_id
    inner join {{ ref('int_crm__known_users') }} as users
        on identities.rep_id = users.user_id
    where not users.is_active

    union all

    select
        'rep_active_after_leaving' as finding,
        reps.rep_id,
        identities.worker_id,
        null as score_share,
        reps.left_on as found_on,
        'left, but still switched on in the CRM' as explanation
    from reps
    inner join night
        on reps.left_on <= night.as_of
    inner join {{ ref('int_crm__known_users') }} as users
        on reps.rep_id = users.user_id and users.is_active
    left join identities
        on reps.rep_id = identities.rep_id

    union all

    select
        'person_match_proposed' as finding,
        user_id as rep_id,
        worker_id,
        score_share,
        null as found_on,
        explanation
    from {{ ref('int_quality__person_matches') }}

)

select * from findings
