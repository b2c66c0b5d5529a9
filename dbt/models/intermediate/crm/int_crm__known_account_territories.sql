with known as (

    {{ as_known(
        ref('stg_crm__account_territories'), ['account_id', 'territory_id', 'started_on']
    ) }}

),

final as (

    select
        account_id,
        territory_id,
        started_on,
        ended_on,
        known_on
    from known

)

select * from final
