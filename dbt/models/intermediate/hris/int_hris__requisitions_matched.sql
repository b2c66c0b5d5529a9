with requisitions as (

    select * from {{ ref('int_hris__known_requisitions') }}

),

positions as (

    select * from {{ ref('int_hris__seats') }}

),

roles as (

    select * from {{ ref('int_policy__roles_matched') }}

),

segments as (

    select * from {{ ref('int_policy__segments_matched') }}

),

jobs as (

    select
        worker_id,
        min(rep_id) as rep_id
    from {{ ref('int_rep__current_jobs') }}
    where worker_id is not null
    group by worker_id

),

reps as (

    select * from {{ ref('int_rep__reps') }}

),

defaults as (

    select min(segment_id) as segment_id
    from {{ ref('stg_reference__segments') }}
    where is_default

),

final as (

    -- what a requisition leaves blank, its position knows
    select
        requisitions.requisition_id,
        positions.seat_id,
        coalesce(roles.role, positions.role) as role,
        coalesce(
            segments.segment_id, positions.segment_id, defaults.segment_id
        ) as segment_id,
        coalesce(
            requisitions.region_name, positions.region_id, 'unassigned'
        ) as region_id,
        requisitions.status,
        reps.rep_id,
        requisitions.opened_on,
        coalesce(
            requisitions.target_start_on, positions.target_start_on
        ) as target_start_on,
        requisitions.filled_on
    from requisitions
    cross join defaults
    left join positions
        on requisitions.position_id = positions.seat_id
    left join roles
        on requisitions.role_name = roles.role_name
    left join segments
        on requisitions.segment_name = segments.segment_name
    left join jobs
        on requisitions.worker_id = jobs.worker_id
    left join reps
        on jobs.rep_id = reps.rep_id
    where roles.role is not null or positions.role is not null

)

select * from final
