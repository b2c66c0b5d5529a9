{{ config(
    materialized='incremental',
    incremental_strategy='replace_told',
    unique_key='account_id',
    meta={'told': 'stg_crm__accounts'}
) }}

with known as (

    {{ as_known(
        ref('stg_crm__accounts'),
        ['account_id'],
        among=only_told(ref('stg_crm__accounts'), 'account_id')
    ) }}

),

final as (

    select
        account_id,
        parent_account_id,
        owner_rep_id,
        name,
        industry,
        segment_name,
        employee_count,
        annual_revenue_cents,
        city,
        region_name,
        postal_code,
        country,
        latitude,
        longitude,
        created_on,
        modified_on,
        known_on
    from known
    where not coalesce(is_deleted_in_crm, false)

)

select * from final
