with candidates as (

    select * from {{ ref('int_rep__candidates') }}

),

users as (

    select * from {{ ref('int_crm__known_users') }}

),

jobs as (

    select * from {{ ref('int_rep__current_jobs') }}

),

markets as (

    select * from {{ ref('int_rep__main_markets') }}

),

spellings as (

    select * from {{ ref('int_policy__roles_matched') }}

),

roles as (

    select * from {{ ref('stg_reference__roles') }}

),

segments as (

    select * from {{ ref('stg_reference__segments') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

managers as (

    select
        worker_id,
        min(rep_id) as rep_id
    from jobs
    where worker_id is not null
    group by worker_id

),

defaults as (

    select min(segment_id) as segment_id
    from segments
    where is_default

),

final as (

    select
        candidates.rep_id,
        jobs.team,
        jobs.territory_id,
        jobs.hired_on,
        jobs.tenure_from_on,
        jobs.left_on,
        jobs.city,
        jobs.latitude,
        jobs.longitude,
        coalesce(users.name, candidates.rep_id) as name,
        coalesce(jobs.role, spellings.role, 'unassigned') as role,
        -- where neither HR nor a territory says, a rep sells where most accounts are
        coalesce(jobs.segment_id, markets.segment_id, defaults.segment_id) as segment_id,
        coalesce(jobs.region_id, markets.region_id, 'unassigned') as region_id,
        coalesce(users.manager_user_id, managers.rep_id) as manager_rep_id,
        coalesce(users.is_active, users.user_id is not null)
        and (jobs.left_on is null or jobs.left_on > run.as_of) as is_active,
        -- where no role is known, whoever owns deals is taken to carry a quota
        coalesce(roles.is_quota_bearing, candidates.has_deals)
        or candidates.has_quota as is_quota_bearing,
        coalesce(jobs.hired_on, candidates.first_seen_on) as first_active_on,
        case
            when jobs.left_on is not null then jobs.left_on
            when coalesce(users.is_active, users.user_id is not null) then null
            -- gone from the CRM, and HR does not say when: until the last deal won
            else coalesce(candidates.last_won_on, candidates.first_seen_on)
        end as last_active_on
    from candidates
    cross join run
    cross join defaults
    left join users
        on candidates.rep_id = users.user_id
    left join jobs
        on candidates.rep_id = jobs.rep_id
    left join spellings
        on users.role_name = spellings.role_name
    left join roles
        on coalesce(jobs.role, spellings.role) = roles.role
    left join markets
        on candidates.rep_id = markets.owner_rep_id
    left join managers
        on jobs.manager_worker_id = managers.worker_id

)

select * from final
