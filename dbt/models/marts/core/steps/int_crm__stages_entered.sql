{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={'changed': 'int_crm__deals_changed'}
) }}

with states as (

    select * from {{ ref('int_crm__opportunity_states') }}

),

stages as (

    select * from {{ ref('stg_reference__stages') }}

),

opportunities as (

    select * from {{ ref('fct_opportunity') }}
    where {{ only_changed(
        'int_crm__deals_changed', 'opportunity_id', within=ref('fct_opportunity')
    ) }}

),

entered as (

    select
        states.opportunity_id,
        stages.stage,
        cast(stages.stage_rank as integer) as stage_rank,
        min(states.changed_on) as entered_on
    from states
    inner join stages
        on states.stage = stages.stage
    where not stages.is_closed
    group by states.opportunity_id, stages.stage, stages.stage_rank

),

final as (

    select
        entered.opportunity_id,
        entered.stage,
        entered.stage_rank,
        entered.entered_on,
        opportunities.segment_id,
        opportunities.is_won,
        opportunities.is_closed,
        lead(entered.entered_on) over (
            partition by entered.opportunity_id order by entered.stage_rank
        ) is not null as has_next
    from entered
    inner join opportunities
        on entered.opportunity_id = opportunities.opportunity_id

)

select * from final
