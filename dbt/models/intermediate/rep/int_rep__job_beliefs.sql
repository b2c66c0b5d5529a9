{% set said = 'rep_id, valid_from, valid_to, role, segment_id, region_id, team, manager_rep_id' -%}
with beliefs as (

    select * from {{ ref('int_hris__job_beliefs') }}

),

reps as (

    select * from {{ ref('int_rep__reps') }}

),

jobs as (

    select * from {{ ref('int_rep__current_jobs') }}

),

managers as (

    select
        worker_id,
        min(rep_id) as rep_id
    from jobs
    where worker_id is not null
    group by worker_id

),

roles as (

    select * from {{ ref('int_policy__roles_matched') }}

),

segments as (

    select * from {{ ref('int_policy__segments_matched') }}

),

nights as (

    select
        worker_id,
        night,
        lead(night) over (partition by worker_id order by night) as next_night
    from beliefs
    group by worker_id, night

),

-- where neither HR nor a rule of the policy names one, today's word stands in
spells as (

    select
        reps.rep_id,
        beliefs.valid_from,
        beliefs.valid_to,
        nights.night,
        nights.next_night,
        coalesce(roles.role, reps.role) as role,
        coalesce(segments.segment_id, reps.segment_id) as segment_id,
        coalesce(beliefs.region_name, reps.region_id) as region_id,
        coalesce(beliefs.team, reps.team) as team,
        coalesce(managers.rep_id, reps.manager_rep_id) as manager_rep_id
    from beliefs
    inner join nights
        on beliefs.worker_id = nights.worker_id and beliefs.night = nights.night
    inner join jobs
        on beliefs.worker_id = jobs.worker_id
    inner join reps
        on jobs.rep_id = reps.rep_id
    left join managers
        on beliefs.manager_worker_id = managers.worker_id
    left join roles
        on beliefs.role_name = roles.role_name
    left join segments
        on beliefs.segment_name = segments.segment_name
    where beliefs.valid_to is null or beliefs.valid_to >= beliefs.valid_from

),

marked as (

    -- a night that says what the night before said begins no new belief
    select
        *,
        case when lag(next_night) over told = night then 0 else 1 end as is_new
    from spells
    window told as (partition by {{ said }} order by night)

),

numbered as (

    select
        *,
        sum(is_new) over (
            partition by {{ said }} order by night
            rows between unbounded preceding and current row
        ) as belief
    from marked

),

final as (

    select
        {{ said }},
        min(night) as known_from,
        case when count(*) = count(next_night) then {{ add_days(-1, 'max(next_night)') }} end
            as known_to
    from numbered
    group by {{ said }}, belief

)

select * from final
