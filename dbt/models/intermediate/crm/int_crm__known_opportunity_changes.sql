{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={'changed': 'int_crm__deals_told'}
) }}

with known as (

    {{ as_known(
        ref('stg_crm__opportunity_changes'),
        ['opportunity_id', 'changed_at'],
        among=only_changed('int_crm__deals_told', 'opportunity_id', 'every_version')
    ) }}

),

final as (

    select
        opportunity_id,
        amount_cents,
        win_probability_share,
        stage,
        forecast_category,
        close_date,
        changed_at,
        changed_on,
        known_on
    from known

)

select * from final
