with spells as (

    select * from {{ ref('int_rep__job_spells') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        spells.rep_id,
        spells.valid_from,
        spells.valid_to,
        spells.role,
        spells.segment_id,
        spells.region_id,
        spells.team,
        spells.valid_from <= run.as_of
        and coalesce(spells.valid_to, {{ end_of_time() }}) >= run.as_of as is_current,
        run.as_of
    from spells
    cross join run

)

select * from final
