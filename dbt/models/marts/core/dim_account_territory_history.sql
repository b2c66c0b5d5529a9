{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='account_id',
    meta={'changed': 'int_crm__account_territories_changed'}
) }}

with spells as (

    select * from {{ ref('int_crm__known_account_territories') }}
    where {{ only_changed(
        'int_crm__account_territories_changed',
        'account_id',
        within=ref('int_crm__known_account_territories')
    ) }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

dated as (

    select
        spells.account_id,
        spells.territory_id,
        spells.started_on as valid_from,
        spells.ended_on as valid_to,
        spells.started_on <= run.as_of
        and coalesce(spells.ended_on, {{ end_of_time() }}) >= run.as_of as is_current,
        spells.known_on,
        run.as_of
    from spells
    cross join run

),

final as (

    select
        account_id,
        territory_id,
        valid_from,
        valid_to,
        is_current,
        is_current
        and row_number() over (
            partition by account_id, is_current
            order by valid_from desc, territory_id asc
        ) = 1 as is_latest,
        known_on,
        as_of
    from dated

)

select * from final
