with opportunities as (

    select * from {{ ref('fct_opportunity') }}

),

changes as (

    select * from {{ ref('int_crm__known_opportunity_changes') }}

),

stages as (

    select * from {{ ref('stg_reference__stages') }}

),

days as (

    select
        days.date_day as snapshot_on,
        days.date_day = run.data_through as is_latest
    from {{ ref('stg_reference__fiscal_days') }} as days
    inner join {{ ref('stg_reference__run') }} as run
        on days.date_day <= run.data_through
    where {{ is_week_end('days.date_day') }} or days.date_day = run.data_through

),

spells as (

    select
        opportunity_id,
        stage,
        amount_cents,
        win_probability_share,
        close_date,
        forecast_category,
        changed_on as valid_from,
        lead(changed_on) over (
            partition by opportunity_id order by changed_at
        ) as next_changed_on
    from changes

),

open_on as (

    select
        opportunities.*,
        days.snapshot_on,
        days.is_latest
    from opportunities
    inner join days
        on
            opportunities.opened_on <= days.snapshot_on
            and (not opportunities.is_closed or opportunities.close_date > days.snapshot_on)

),

final as (

    -- a day's state is that of the last change on or before it; where no change is
    -- kept, today's state stands in for it and is marked; the latest day is today's
    select
        open_on.opportunity_id,
        open_on.snapshot_on,
        open_on.is_latest,
        open_on.account_id,
        open_on.rep_id,
        open_on.segment_id,
        open_on.region_id,
        open_on.product_id,
        coalesce(spells.stage, open_on.stage) as stage,
        cast(stages.stage_rank as integer) as stage_rank,
        coalesce(spells.forecast_category, open_on.forecast_category) as forecast_category,
        case
            when spells.opportunity_id is null then open_on.amount_cents
            else spells.amount_cents
        end as amount_cents,
        coalesce(
            spells.win_probability_share, open_on.win_probability_share
        ) as win_probability_share,
        coalesce(spells.close_date, open_on.close_date) as close_date,
        cast({{ days_between('open_on.opened_on', 'open_on.snapshot_on') }} as integer)
            as age_days,
        spells.opportunity_id is null and not open_on.is_latest as is_inferred,
        open_on.as_of
    from open_on
    left join spells
        on
            open_on.opportunity_id = spells.opportunity_id
            and not open_on.is_latest
            and spells.valid_from <= open_on.snapshot_on
            and coalesce(spells.next_changed_on, {{ end_of_time() }}) > open_on.snapshot_on
    left join stages
        on coalesce(spells.stage, open_on.stage) = stages.stage
    where
        spells.opportunity_id is null
        or not coalesce(stages.is_closed, false)

)

select * from final
