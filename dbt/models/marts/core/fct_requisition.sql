with requisitions as (

    select * from {{ ref('int_hris__requisitions_matched') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        requisitions.requisition_id,
        requisitions.seat_id,
        requisitions.role,
        requisitions.segment_id,
        requisitions.region_id,
        requisitions.status,
        requisitions.rep_id,
        requisitions.opened_on,
        requisitions.target_start_on,
        requisitions.filled_on,
        cast(
            {{ days_between('requisitions.opened_on', 'requisitions.filled_on') }} as integer
        ) as days_to_fill,
        cast(
            case
                when requisitions.status = 'open'
                    then {{ days_between('requisitions.opened_on', 'run.as_of') }}
            end as integer
        ) as days_open,
        requisitions.status = 'open'
        and coalesce(requisitions.target_start_on < run.as_of, false) as is_overdue,
        run.as_of
    from requisitions
    cross join run

)

select * from final
