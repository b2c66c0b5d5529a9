with reps as (

    select * from {{ ref('int_rep__reps') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        reps.rep_id,
        reps.name,
        reps.role,
        reps.segment_id,
        reps.region_id,
        reps.team,
        reps.manager_rep_id,
        reps.territory_id,
        reps.hired_on,
        reps.tenure_from_on,
        reps.left_on,
        reps.is_active,
        reps.is_quota_bearing,
        reps.latitude,
        reps.longitude,
        run.as_of
    from reps
    cross join run

)

select * from final
