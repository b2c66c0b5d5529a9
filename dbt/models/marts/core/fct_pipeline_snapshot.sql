{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={
        'changed': 'int_crm__deals_changed',
        'outdated': "not is_week_end and snapshot_on <= " ~ add_days(-31, 'run.data_through')
            ~ " or snapshot_on < (select min(date_day) from staging.stg_reference__fiscal_days)"
    }
) }}

with opportunities as (

    select * from {{ ref('fct_opportunity') }}
    where {{ only_changed('int_crm__deals_changed', 'opportunity_id') }}

),

spells as (

    select * from {{ ref('int_crm__pipeline_spells') }}
    where {{ only_changed('int_crm__deals_changed', 'opportunity_id') }}

),

stages as (

    select * from {{ ref('stg_reference__stages') }}

),

days as (

    select
        days.date_day as snapshot_on,
        days.date_day = days.week_end as is_week_end
    from {{ ref('stg_reference__fiscal_days') }} as days
    inner join {{ ref('stg_reference__run') }} as run
        on days.date_day <= run.data_through
    where
        days.date_day = days.week_end
        or days.date_day > {{ add_days(-31, 'run.data_through') }}

),

final as (

    select
        opportunities.opportunity_id,
        days.snapshot_on,
        spells.is_latest,
        days.is_week_end,
        opportunities.account_id,
        opportunities.rep_id,
        opportunities.segment_id,
        opportunities.region_id,
        opportunities.product_id,
        spells.stage,
        cast(stages.stage_rank as integer) as stage_rank,
        spells.forecast_category,
        spells.amount_cents,
        spells.win_probability_share,
        spells.close_date,
        cast(
            {{ days_between('opportunities.opened_on', 'days.snapshot_on') }} as integer
        ) as age_days,
        spells.is_inferred,
        opportunities.as_of
    from spells
    inner join days
        on
            spells.valid_from <= days.snapshot_on
            and spells.valid_before > days.snapshot_on
    inner join opportunities
        on spells.opportunity_id = opportunities.opportunity_id
    left join stages
        on spells.stage = stages.stage
    -- a state that says closed before the deal was: it was no pipeline that day
    where
        spells.is_inferred
        or spells.is_latest
        or not coalesce(stages.is_closed, false)

)

select * from final
