with known as (

    {{ as_known(ref('stg_hris__job_changes'), ['worker_id', 'effective_on']) }}

),

final as (

    select
        worker_id,
        manager_worker_id,
        position_id,
        job_profile,
        role_name,
        segment_name,
        region_name,
        team,
        city,
        latitude,
        longitude,
        effective_on,
        known_on
    from known

)

select * from final
