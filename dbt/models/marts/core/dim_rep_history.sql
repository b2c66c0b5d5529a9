with beliefs as (

    select * from {{ ref('int_rep__job_beliefs') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        beliefs.rep_id,
        beliefs.valid_from,
        beliefs.valid_to,
        beliefs.known_from,
        beliefs.known_to,
        beliefs.role,
        beliefs.segment_id,
        beliefs.region_id,
        beliefs.team,
        beliefs.manager_rep_id,
        beliefs.known_to is null
        and beliefs.valid_from <= run.as_of
        and coalesce(beliefs.valid_to, {{ end_of_time() }}) >= run.as_of as is_current,
        run.as_of
    from beliefs
    cross join run

)

select * from final
