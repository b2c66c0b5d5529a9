with positions as (

    select * from {{ ref('int_hris__known_positions') }}

),

reps as (

    select * from {{ ref('int_rep__reps') }}

),

jobs as (

    select
        worker_id,
        min(rep_id) as rep_id
    from {{ ref('int_rep__current_jobs') }}
    where worker_id is not null
    group by worker_id

),

roles as (

    select * from {{ ref('int_policy__roles_matched') }}

),

segments as (

    select * from {{ ref('int_policy__segments_matched') }}

),

defaults as (

    select min(segment_id) as segment_id
    from {{ ref('stg_reference__segments') }}
    where is_default

),

final as (

    select
        positions.position_id as seat_id,
        coalesce(roles.role, reps.role, 'unassigned') as role,
        coalesce(
            segments.segment_id, reps.segment_id, defaults.segment_id
        ) as segment_id,
        coalesce(positions.region_name, reps.region_id, 'unassigned') as region_id,
        positions.status,
        reps.rep_id,
        positions.opened_on,
        positions.target_start_on,
        false as is_inferred
    from positions
    cross join defaults
    left join roles
        on positions.role_name = roles.role_name
    left join segments
        on positions.segment_name = segments.segment_name
    left join jobs
        on positions.worker_id = jobs.worker_id
    left join reps
        on jobs.rep_id = reps.rep_id
    where roles.role is not null or reps.rep_id is not null

)

select * from final
