with known as (

    {{ as_known(ref('stg_hris__workers'), ['worker_id']) }}

),

final as (

    select
        worker_id,
        employee_number,
        name,
        email,
        fte_share,
        termination_type,
        hired_on,
        adjusted_hired_on,
        left_on,
        known_on
    from known

)

select * from final
