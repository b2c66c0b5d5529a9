with known as (

    {{ as_known(ref('stg_hris__requisitions'), ['requisition_id']) }}

),

final as (

    select
        requisition_id,
        position_id,
        worker_id,
        role_name,
        segment_name,
        region_name,
        status,
        opened_on,
        target_start_on,
        filled_on,
        known_on
    from known

)

select * from final
