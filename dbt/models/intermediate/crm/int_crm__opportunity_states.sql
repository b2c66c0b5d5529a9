{{ config(
    materialized='incremental',
    incremental_strategy='replace_all'
) }}

with changes as (

    select * from {{ ref('int_crm__known_opportunity_changes') }}
    where {{ only_changed(
        'int_crm__deals_changed', 'opportunity_id', within=ref('int_crm__known_opportunity_changes')
    ) }}

),

fields as (

    select * from {{ ref('int_crm__field_states') }}

),

opportunities as (

    select * from {{ ref('int_crm__opportunities_valued') }}
    where {{ only_changed(
        'int_crm__deals_changed', 'opportunity_id', within=ref('int_crm__opportunities_valued')
    ) }}

),

every_state as (

    select
        changes.opportunity_id,
        changes.changed_at,
        changes.stage,
        false as is_stage_inferred,
        changes.forecast_category,
        {{ exchanged(
            'changes.amount_cents', 'opportunities.company_currency_per_unit'
        ) }} as amount_cents,
        changes.win_probability_share,
        changes.close_date
    from changes
    inner join opportunities
        on changes.opportunity_id = opportunities.opportunity_id

    union all

    -- of a field whose changes nobody kept, today's value stands in
    select
        fields.opportunity_id,
        fields.changed_at,
        case
            when fields.has_stage then fields.stage_told else opportunities.stage
        end as stage,
        not fields.has_stage as is_stage_inferred,
        case
            when fields.has_forecast_category then fields.forecast_category_told
            else opportunities.forecast_category
        end as forecast_category,
        case
            when fields.has_amount
                then {{ exchanged(
                    to_cents(number_or_null('fields.amount_told')),
                    'opportunities.company_currency_per_unit'
                ) }}
            else opportunities.amount_cents
        end as amount_cents,
        case
            when fields.has_probability
                then {{ number_or_null('fields.probability_told') }} / 100
            else opportunities.win_probability_share
        end as win_probability_share,
        case
            when fields.has_close_date
                then {{ date_or_null('fields.close_date_told') }}
            else opportunities.close_date
        end as close_date
    from fields
    inner join opportunities
        on fields.opportunity_id = opportunities.opportunity_id

),

final as (

    select
        *,
        cast(changed_at as date) as changed_on,
        lead(cast(changed_at as date)) over (
            partition by opportunity_id order by changed_at
        ) as next_changed_on
    from every_state

)

select * from final
