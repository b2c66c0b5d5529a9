with known as (

    {{ as_known(ref('stg_crm__territories'), ['territory_id']) }}

),

final as (

    select
        territory_id,
        parent_territory_id,
        name,
        segment_name,
        region_name,
        known_on
    from known

)

select * from final
