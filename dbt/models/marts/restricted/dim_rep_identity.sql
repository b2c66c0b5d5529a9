with reps as (

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
        identities.worker_id,
        identities.employee_number,
        identities.email,
        coalesce(identities.matched_by, 'none') as matched_by,
        run.as_of
    from reps
    cross join run
    left join identities
        on reps.rep_id = identities.rep_id

)

select * from final
