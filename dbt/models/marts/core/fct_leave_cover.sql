with leaves as (

    select * from {{ ref('int_hris__known_leaves') }}

),

jobs as (

    select * from {{ ref('int_rep__current_jobs') }}

),

reps as (

    select * from {{ ref('dim_rep') }}

),

rule as (

    select * from {{ ref('stg_reference__handover') }}
    where leave_cover = 'manager'

),

-- a leave without an end is long, and covered until it has one
final as (

    select
        reps.rep_id,
        managers.rep_id as acting_rep_id,
        leaves.started_on as covered_from,
        leaves.ended_on as covered_to,
        reps.as_of
    from leaves
    inner join jobs
        on leaves.worker_id = jobs.worker_id
    inner join reps
        on jobs.rep_id = reps.rep_id
    inner join rule
        on
            leaves.ended_on is null
            or {{ days_between('leaves.started_on', 'leaves.ended_on') }} + 1
            >= rule.leave_cover_min_days
    left join reps as managers
        on
            reps.manager_rep_id = managers.rep_id
            and managers.is_active
    where reps.is_quota_bearing

)

select * from final
