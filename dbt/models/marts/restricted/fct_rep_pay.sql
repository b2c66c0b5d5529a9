with compensation as (

    select * from {{ ref('int_hris__known_compensation') }}

),

reps as (

    select * from {{ ref('int_rep__reps') }}

),

identities as (

    select * from {{ ref('int_rep__identities') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        reps.rep_id,
        compensation.effective_on as valid_from,
        {{ add_days(
            -1,
            'lead(compensation.effective_on) over ('
            ~ 'partition by reps.rep_id order by compensation.effective_on)'
        ) }} as valid_to,
        compensation.base_cents,
        compensation.target_variable_cents,
        compensation.currency,
        run.as_of
    from reps
    inner join identities
        on reps.rep_id = identities.rep_id
    inner join compensation
        on identities.worker_id = compensation.worker_id
    cross join run

)

select * from final
