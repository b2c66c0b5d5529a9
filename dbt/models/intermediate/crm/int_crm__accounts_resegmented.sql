{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='account_id'
) }}

with accounts as (

    select * from {{ ref('int_crm__accounts_segmented') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        accounts.account_id,
        accounts.segment_id,
        accounts.region_id,
        run.as_of as changed_on
    from accounts
    cross join run
    {% if is_incremental() %}
        left join {{ this }} as before
            on accounts.account_id = before.account_id
        where
            before.account_id is null
            -- a night that is run again does again what it did
            or before.changed_on = run.as_of
            or coalesce(accounts.segment_id, '') <> coalesce(before.segment_id, '')
            or coalesce(accounts.region_id, '') <> coalesce(before.region_id, '')
    {% endif %}

)

select * from final
