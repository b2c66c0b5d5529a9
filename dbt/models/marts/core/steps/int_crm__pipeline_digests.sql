{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='opportunity_id'
) }}

with spells as (

    select
        opportunity_id,
        {{ digest_of_rows([
            'valid_from', 'valid_before', 'stage', 'forecast_category', 'amount_cents',
            'win_probability_share', 'close_date', 'is_inferred', 'is_latest'
        ]) }} as spells_digest
    from {{ ref('int_crm__pipeline_spells') }}
    -- the last day is another one each night
    where not is_latest
    group by opportunity_id

),

opportunities as (

    select * from {{ ref('fct_opportunity') }}

),

calendar as (

    select min(date_day) as first_day
    from {{ ref('stg_reference__fiscal_days') }}

),

run as (

    select
        run.*,
        calendar.first_day
    from {{ ref('stg_reference__run') }} as run
    cross join calendar

),

-- everything a deal's snapshots are made of
now_so as (

    select
        opportunities.opportunity_id,
        {{ digest_of([
            'spells.spells_digest', 'opportunities.account_id', 'opportunities.rep_id',
            'opportunities.segment_id', 'opportunities.region_id',
            'opportunities.product_id', 'opportunities.stage',
            'opportunities.forecast_category', 'opportunities.amount_cents',
            'opportunities.win_probability_share', 'opportunities.opened_on',
            'opportunities.close_date', 'opportunities.is_closed', 'run.policy_hash',
            'run.first_day'
        ]) }} as digest,
        not opportunities.is_closed
        or opportunities.close_date > run.data_through as is_open,
        run.as_of as changed_on
    from opportunities
    cross join run
    left join spells
        on opportunities.opportunity_id = spells.opportunity_id

),

final as (

    {% if is_incremental() %}
        select now_so.*
        from now_so
        left join {{ this }} as before
            on now_so.opportunity_id = before.opportunity_id
        where
            before.opportunity_id is null
            or before.digest <> now_so.digest
            or before.is_open <> now_so.is_open
            -- a night that is run again does again what it did
            or before.changed_on = now_so.changed_on

        union all

        -- gone from the CRM: kept with no digest, so that its snapshots go too
        select
            before.opportunity_id,
            'gone' as digest,
            false as is_open,
            run.as_of as changed_on
        from {{ this }} as before
        cross join run
        left join now_so
            on before.opportunity_id = now_so.opportunity_id
        where
            now_so.opportunity_id is null
            and (before.digest <> 'gone' or before.changed_on = run.as_of)
    {% else %}
        select * from now_so
    {% endif %}

)

select * from final
