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

run as (

    select * from {{ ref('stg_reference__run') }}

),

from_hr as (

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

),

-- a rep whom no position names sits somewhere all the same
without_position as (

    select
        'rep:' || reps.rep_id as seat_id,
        reps.role,
        reps.segment_id,
        reps.region_id,
        'filled' as status,
        reps.rep_id,
        reps.first_active_on as opened_on,
        cast(null as date) as target_start_on,
        true as is_inferred
    from reps
    left join from_hr
        on reps.rep_id = from_hr.rep_id
    where reps.is_active and reps.is_quota_bearing and from_hr.rep_id is null

),

every_seat as (

    select * from from_hr

    union all

    select * from without_position

),

final as (

    select
        every_seat.seat_id,
        every_seat.role,
        every_seat.segment_id,
        every_seat.region_id,
        every_seat.status,
        every_seat.rep_id,
        every_seat.opened_on,
        every_seat.target_start_on,
        every_seat.is_inferred,
        run.as_of
    from every_seat
    cross join run

)

select * from final
