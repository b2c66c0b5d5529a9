with known as (

    {{ as_known(ref('stg_crm__territory_members'), ['territory_id', 'rep_id', 'started_on']) }}

),

final as (

    select
        territory_id,
        rep_id,
        started_on,
        ended_on,
        known_on
    from known

)

select * from final
