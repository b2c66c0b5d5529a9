with identities as (

    select * from {{ ref('int_rep__identities') }}

),

matched_workers as (

    select distinct worker_id
    from identities
    where worker_id is not null

),

denied as (

    select
        crm_id,
        other_id
    from {{ ref('int_crm__known_crosswalks') }}
    where kind = 'person' and not is_same

),

lone_users as (

    select
        users.user_id,
        {{ mailbox('users.email') }} as mailbox,
        {{ plain_text(first_name_first('users.name')) }} as plain
    from {{ ref('int_crm__known_users') }} as users
    inner join identities
        on users.user_id = identities.rep_id
    where identities.worker_id is null

),

lone_workers as (

    select
        workers.worker_id,
        {{ mailbox('workers.email') }} as mailbox,
        {{ plain_text(first_name_first('workers.name')) }} as plain
    from {{ ref('int_hris__known_workers') }} as workers
    left join matched_workers
        on workers.worker_id = matched_workers.worker_id
    where matched_workers.worker_id is null

),

compared as (

    -- a mailbox that is the same but for its domain is worth a name that is
    select
        users.user_id,
        workers.worker_id,
        policy.people_min_score_share,
        coalesce(users.mailbox = workers.mailbox and users.mailbox <> '', false)
            as has_same_mailbox,
        case
            when users.plain = '' or workers.plain = '' then 0.0
            else {{ likeness('users.plain', 'workers.plain') }}
        end as name_share
    from lone_users as users
    cross join lone_workers as workers
    cross join {{ ref('stg_reference__matching') }} as policy
    left join denied
        on users.user_id = denied.crm_id and workers.worker_id = denied.other_id
    where policy.people_min_score_share is not null and denied.crm_id is null

),

scored as (

    select
        user_id,
        worker_id,
        has_same_mailbox,
        people_min_score_share,
        {{ stable("case when has_same_mailbox then (1 + name_share) / 2 else name_share end") }}
            as score_share,
        {{ stable("name_share") }} as name_share
    from compared

),

ranked as (

    select
        *,
        row_number() over (
            partition by user_id order by score_share desc, worker_id asc
        ) as place_for_user,
        row_number() over (
            partition by worker_id order by score_share desc, user_id asc
        ) as place_for_worker
    from scored
    where score_share >= people_min_score_share

),

final as (

    -- each is the other's best: nobody is proposed twice
    select
        user_id,
        worker_id,
        score_share,
        'names ' || {{ as_percent('name_share') }} || ' alike'
        || case when has_same_mailbox then ', same mailbox' else '' end as explanation
    from ranked
    where place_for_user = 1 and place_for_worker = 1

)

select * from final
