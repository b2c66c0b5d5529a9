{{ config(
    materialized='incremental',
    incremental_strategy='replace_told',
    unique_key=['opportunity_id', 'changed_at'],
    meta={'told': 'stg_crm__opportunity_changes'}
) }}

with known as (

    {{ as_known(
        ref('stg_crm__opportunity_changes'),
        ['opportunity_id', 'changed_at'],
        among=only_news()
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
