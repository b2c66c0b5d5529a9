with known as (

    {{ as_known(ref('stg_hris__compensation'), ['worker_id', 'effective_on']) }}

),

final as (

    select
        worker_id,
        base_cents,
        target_variable_cents,
        currency,
        effective_on,
        known_on
    from known

)

select * from final
