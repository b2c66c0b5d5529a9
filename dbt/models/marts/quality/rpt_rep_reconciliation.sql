with reps as (

    select * from {{ ref('dim_rep') }}

),

identities as (

    select * from {{ ref('int_rep__identities') }}

),

users as (

    select * from {{ ref('int_crm__known_users') }}

),

accounts as (

    select
        owner_rep_id,
        count(*) as accounts_count
    from {{ ref('dim_account') }}
    where owner_rep_id is not null
    group by owner_rep_id

),

bookings as (

    select * from {{ ref('fct_bookings') }}

),

findings as (

    select
        reps.rep_id,
        'not_in_hr' as finding,
        1 as rows_count
    from reps
    left join identities
        on reps.rep_id = identities.rep_id
    where identities.worker_id is null

    union all

    select
        reps.rep_id,
        'not_in_crm' as finding,
        1 as rows_count
    from reps
    left join users
        on reps.rep_id = users.user_id
    where users.user_id is null

    union all

    select
        reps.rep_id,
        'active_in_crm_after_leaving' as finding,
        1 as rows_count
    from reps
    inner join users
        on reps.rep_id = users.user_id
    where users.is_active and reps.left_on <= reps.as_of

    union all

    select
        reps.rep_id,
        'owns_accounts_after_leaving' as finding,
        accounts.accounts_count as rows_count
    from reps
    inner join accounts
        on reps.rep_id = accounts.owner_rep_id
    where reps.left_on <= reps.as_of

    union all

    select
        reps.rep_id,
        case
            when bookings.booked_on < reps.hired_on then 'booked_before_hire'
            else 'booked_after_leaving'
        end as finding,
        count(*) as rows_count
    from reps
    inner join bookings
        on reps.rep_id = bookings.rep_id
    where bookings.booked_on < reps.hired_on or bookings.booked_on > reps.left_on
    group by
        reps.rep_id,
        case
            when bookings.booked_on < reps.hired_on then 'booked_before_hire'
            else 'booked_after_leaving'
        end

),

final as (

    select
        findings.rep_id,
        findings.finding,
        cast(findings.rows_count as bigint) as rows_count,
        reps.as_of
    from findings
    inner join reps
        on findings.rep_id = reps.rep_id

)

select * from final
