{{ config(
    materialized='incremental',
    incremental_strategy='replace_told',
    unique_key='opportunity_id',
    meta={'told': 'stg_crm__opportunity_splits'}
) }}

with known as (

    {{ as_known(
        ref('stg_crm__opportunity_splits'),
        ['opportunity_id', 'rep_id', 'split_type'],
        among=only_told(ref('stg_crm__opportunity_splits'), 'opportunity_id')
    ) }}

),

final as (

    select
        opportunity_id,
        rep_id,
        split_type,
        credit_share,
        known_on
    from known

)

select * from final
