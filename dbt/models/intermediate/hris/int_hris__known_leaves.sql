with known as (

    {{ as_known(ref('stg_hris__leaves'), ['worker_id', 'started_on']) }}

),

final as (

    select
        worker_id,
        leave_type,
        started_on,
        ended_on,
        known_on
    from known

)

select * from final
