{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={'changed': 'int_crm__deals_told'}
) }}

with known as (

    {{ as_known(
        ref('stg_crm__opportunities'),
        ['opportunity_id'],
        among=only_changed('int_crm__deals_told', 'opportunity_id', 'every_version')
    ) }}

),

remembered as (

    select * from {{ ref('int_crm__amounts_remembered') }}

),

final as (

    -- a deal that lost its amount keeps the last one known, and says so
    select
        known.opportunity_id,
        known.account_id,
        known.rep_id,
        known.product_id,
        known.name,
        known.booking_type,
        coalesce(known.amount_cents, remembered.amount_cents) as amount_cents,
        known.amount_cents is null and remembered.amount_cents is not null
            as is_amount_restored,
        case when known.amount_cents is null then remembered.told_on end
            as amount_told_on,
        known.currency,
        known.win_probability_share,
        known.stage,
        known.forecast_category,
        known.is_closed,
        known.is_won,
        known.close_date,
        known.created_on,
        known.modified_on,
        known.known_on
    from known
    left join remembered
        on known.opportunity_id = remembered.opportunity_id
    where not coalesce(known.is_deleted_in_crm, false)

)

select * from final
