with known as (

    {{ as_known(ref('stg_hris__positions'), ['position_id']) }}

),

final as (

    select
        position_id,
        worker_id,
        role_name,
        segment_name,
        region_name,
        status,
        opened_on,
        target_start_on,
        known_on
    from known

)

select * from final
