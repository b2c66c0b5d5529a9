{{ config(
    materialized='incremental',
    incremental_strategy='replace_told',
    unique_key=['opportunity_id', 'changed_at', 'field_name'],
    meta={'told': 'stg_crm__opportunity_field_history'}
) }}

with known as (

    {{ as_known(
        ref('stg_crm__opportunity_field_history'),
        ['opportunity_id', 'changed_at', 'field_name'],
        among=only_news()
    ) }}

),

final as (

    select
        opportunity_id,
        field_name,
        old_value,
        new_value,
        changed_at,
        changed_on,
        known_on
    from known

)

select * from final
