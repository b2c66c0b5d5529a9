with users as (

    select * from {{ ref('int_crm__known_users') }}

),

workers as (

    select * from {{ ref('int_hris__known_workers') }}

),

decided as (

    select
        crm_id as user_id,
        other_id as worker_id,
        is_same
    from {{ ref('int_crm__known_crosswalks') }}
    where kind = 'person'

),

matches as (

    select
        decided.user_id,
        workers.worker_id,
        workers.hired_on,
        0 as match_rank
    from decided
    inner join workers
        on decided.worker_id = workers.worker_id
    where decided.is_same

    union all

    select
        users.user_id,
        workers.worker_id,
        workers.hired_on,
        1 as match_rank
    from users
    inner join workers
        on trim(users.employee_number) = trim(workers.employee_number)
    where trim(users.employee_number) <> ''

    union all

    select
        users.user_id,
        workers.worker_id,
        workers.hired_on,
        2 as match_rank
    from users
    inner join workers
        on lower(trim(users.email)) = lower(trim(workers.email))
    where trim(users.email) <> ''

),

ranked as (

    -- a person hired again has two workers: the later one is who sells today
    select
        matches.user_id,
        matches.worker_id,
        matches.match_rank,
        row_number() over (
            partition by matches.user_id
            order by
                matches.match_rank asc,
                matches.hired_on desc nulls last,
                matches.worker_id desc
        ) as preference
    from matches
    left join decided
        on
            matches.user_id = decided.user_id
            and matches.worker_id = decided.worker_id
            and not decided.is_same
    where decided.user_id is null

),

final as (

    select
        users.user_id as rep_id,
        ranked.worker_id,
        users.employee_number,
        users.email,
        case ranked.match_rank
            when 0 then 'crosswalk'
            when 1 then 'employee_number'
            when 2 then 'email'
            else 'none'
        end as matched_by
    from users
    left join ranked
        on users.user_id = ranked.user_id and ranked.preference = 1

)

select * from final
