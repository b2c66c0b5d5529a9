{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={'changed': 'int_crm__deals_told'}
) }}

with known as (

    {{ as_known(
        ref('stg_crm__opportunity_field_history'),
        ['opportunity_id', 'changed_at', 'field_name'],
        among=only_changed('int_crm__deals_told', 'opportunity_id', 'every_version')
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
