with from_hr as (

    select * from {{ ref('int_hris__seats') }}

),

reps as (

    select * from {{ ref('int_rep__reps') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

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

-- a hire under way for a position that HR does not list yet
without_seat as (

    select
        'requisition:' || requisitions.requisition_id as seat_id,
        requisitions.role,
        requisitions.segment_id,
        requisitions.region_id,
        requisitions.status,
        {{ as_text('null') }} as rep_id,
        requisitions.opened_on,
        requisitions.target_start_on,
        true as is_inferred
    from {{ ref('int_hris__requisitions_matched') }} as requisitions
    where requisitions.status = 'open' and requisitions.seat_id is null

),

every_seat as (

    select * from from_hr

    union all

    select * from without_position

    union all

    select * from without_seat

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
