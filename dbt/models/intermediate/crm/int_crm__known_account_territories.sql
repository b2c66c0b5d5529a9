{{ config(
    materialized='incremental',
    incremental_strategy='replace_told',
    unique_key='account_id',
    meta={'told': 'stg_crm__account_territories'}
) }}

with known as (

    {{ as_known(
        ref('stg_crm__account_territories'),
        ['account_id', 'territory_id', 'started_on'],
        among=only_told(ref('stg_crm__account_territories'), 'account_id')
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
