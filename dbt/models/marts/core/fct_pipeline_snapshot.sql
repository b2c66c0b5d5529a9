{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={
        'changed': 'int_crm__deals_changed',
        'outdated': "snapshot_on >= last.data_through"
            ~ " or not is_week_end and snapshot_on <= " ~ add_days(-31, 'run.data_through')
            ~ " or snapshot_on < (select min(date_day) from staging.stg_reference__fiscal_days)"
    }
) }}
{% set rests = 'not ' ~ only_changed('int_crm__deals_changed', 'opportunity_id') %}
{% set state = ['stage', 'forecast_category', 'amount_cents', 'win_probability_share',
                'close_date'] %}

-- those that changed, and of the others those open on a day not covered before
with opportunities as (

    {% for among in [
        only_changed('int_crm__deals_changed', 'opportunity_id', within=ref('fct_opportunity')),
        '(not coalesce(is_closed, false) or close_date is null) and ' ~ rests,
        'is_closed and ' ~ is_uncovered('close_date') ~ ' and ' ~ rests,
    ] -%}
        select * from {{ ref('fct_opportunity') }}
        where {{ among }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

days as (

    select
        days.date_day as snapshot_on,
        days.date_day = days.week_end as is_week_end,
        days.date_day = run.data_through as is_latest
    from {{ ref('stg_reference__fiscal_days') }} as days
    inner join {{ ref('stg_reference__run') }} as run
        on days.date_day <= run.data_through
    where
        days.date_day = days.week_end
        or days.date_day > {{ add_days(-31, 'run.data_through') }}

),

-- of those that changed every day, else the days not covered before; the last is as today
every_day as (

    {% for among in [
        only_changed('int_crm__deals_changed', 'opportunity_id', 'spells'),
        is_uncovered('spells.valid_before') ~ ' and ' ~ is_uncovered('days.snapshot_on')
        ~ ' and not ' ~ only_changed('int_crm__deals_changed', 'opportunity_id', 'spells'),
    ] -%}
        select
            days.*,
            {% for one in state -%}
                spells.{{ one }},
            {% endfor -%}
            spells.opportunity_id,
            spells.is_inferred
        from {{ ref('int_crm__pipeline_spells') }} as spells
        inner join days
            on
                spells.valid_from <= days.snapshot_on
                and spells.valid_before > days.snapshot_on
        where not days.is_latest and {{ among }}
        union all
    {% endfor -%}
    select
        days.*,
        {% for one in state -%}
            opportunities.{{ one }},
        {% endfor -%}
        opportunities.opportunity_id,
        false as is_inferred
    from opportunities
    inner join days
        on opportunities.opened_on <= days.snapshot_on and days.is_latest
    where
        not coalesce(opportunities.is_closed, false)
        or coalesce(opportunities.close_date, {{ end_of_time() }}) > days.snapshot_on

),

final as (

    select
        opportunities.opportunity_id,
        every_day.snapshot_on,
        every_day.is_latest,
        every_day.is_week_end,
        opportunities.account_id,
        opportunities.rep_id,
        opportunities.segment_id,
        opportunities.region_id,
        opportunities.product_id,
        every_day.stage,
        cast(stages.stage_rank as integer) as stage_rank,
        every_day.forecast_category,
        every_day.amount_cents,
        every_day.win_probability_share,
        every_day.close_date,
        cast({{ days_between('opportunities.opened_on', 'every_day.snapshot_on') }} as integer)
            as age_days,
        every_day.is_inferred,
        opportunities.as_of
    from every_day
    inner join opportunities
        on every_day.opportunity_id = opportunities.opportunity_id
    left join {{ ref('stg_reference__stages') }} as stages
        on every_day.stage = stages.stage
    -- a state that says closed before the deal was: it was no pipeline that day
    where
        every_day.is_inferred
        or every_day.is_latest
        or not coalesce(stages.is_closed, false)

)

select * from final
