with assignments as (

    select * from {{ ref('fct_plan_assignment') }}

),

versions as (

    select
        plan_version,
        in_force_from,
        in_force_to
    from {{ ref('dim_plan_version') }}
    where in_force_from is not null

),

reps as (

    select * from {{ ref('dim_rep') }}
    where left_on <= as_of

),

-- accounts that a version in force gave, for a day it was in force, to a rep who was
-- gone by then
orphaned as (

    select
        reps.rep_id,
        reps.name,
        reps.left_on,
        reps.segment_id,
        reps.as_of,
        versions.plan_version,
        greatest(
            reps.left_on, versions.in_force_from, assignments.valid_from
        ) as seen_from,
        least(
            versions.in_force_to,
            coalesce(assignments.valid_to, {{ end_of_time() }}),
            reps.as_of
        ) as seen_to,
        assignments.account_id,
        assignments.potential_cents
    from assignments
    inner join versions
        on assignments.plan_version = versions.plan_version
    inner join reps
        on assignments.rep_id = reps.rep_id

),

final as (

    select
        rep_id,
        left_on as event_on,
        min(seen_from) as first_seen_on,
        max(seen_to) as last_seen_on,
        max(plan_version) as plan_version,
        count(distinct account_id) as accounts_count,
        max(seen_to) = max(as_of) as is_still_true,
        max(as_of) as as_of
    from orphaned
    where seen_from <= seen_to
    group by rep_id, left_on

)

select * from final
