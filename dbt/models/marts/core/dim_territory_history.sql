with members as (

    select * from {{ ref('int_crm__known_territory_members') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        members.territory_id,
        members.rep_id,
        members.started_on as valid_from,
        members.ended_on as valid_to,
        members.started_on <= run.as_of
        and coalesce(members.ended_on, {{ end_of_time() }}) >= run.as_of as is_current,
        members.known_on,
        run.as_of
    from members
    cross join run

)

select * from final
