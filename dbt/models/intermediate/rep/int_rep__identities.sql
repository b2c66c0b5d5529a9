with users as (

    select * from {{ ref('int_crm__known_users') }}

),

workers as (

    select * from {{ ref('int_hris__known_workers') }}

),

matches as (

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
        user_id,
        worker_id,
        match_rank,
        row_number() over (
            partition by user_id
            order by match_rank asc, hired_on desc nulls last, worker_id desc
        ) as preference
    from matches

),

final as (

    select
        users.user_id as rep_id,
        ranked.worker_id,
        users.employee_number,
        users.email,
        case ranked.match_rank
            when 1 then 'employee_number'
            when 2 then 'email'
            else 'none'
        end as matched_by
    from users
    left join ranked
        on users.user_id = ranked.user_id and ranked.preference = 1

)

select * from final
