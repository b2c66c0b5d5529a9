with reps as (

    select * from {{ ref('int_rep__reps') }}

),

jobs as (

    select * from {{ ref('int_rep__current_jobs') }}

),

spells as (

    select * from {{ ref('int_hris__job_spells') }}

),

from_hr as (

    select
        reps.rep_id,
        spells.valid_from,
        spells.valid_to,
        coalesce(spells.role, reps.role) as role,
        coalesce(spells.segment_id, reps.segment_id) as segment_id,
        coalesce(spells.region_name, reps.region_id) as region_id,
        coalesce(spells.team, reps.team) as team
    from reps
    inner join jobs
        on reps.rep_id = jobs.rep_id
    inner join spells
        on jobs.worker_id = spells.worker_id

),

-- whoever HR does not know has one spell, as they are today
unknown_to_hr as (

    select
        reps.rep_id,
        reps.first_active_on as valid_from,
        reps.last_active_on as valid_to,
        reps.role,
        reps.segment_id,
        reps.region_id,
        reps.team
    from reps
    left join from_hr
        on reps.rep_id = from_hr.rep_id
    where from_hr.rep_id is null and reps.first_active_on is not null

),

final as (

    select * from from_hr

    union all

    select * from unknown_to_hr

)

select * from final
