-- which rows are outdated hangs on the last build
-- depends_on: {{ ref('stg_reference__last_build') }}
with states as (

    select * from {{ ref('int_crm__opportunity_states') }}

),

opportunities as (

    select
        opportunities.*,
        case
            when opportunities.is_closed then opportunities.close_date
            else {{ end_of_time() }}
        end as open_before
    from {{ ref('fct_opportunity') }} as opportunities
    where {{ only_changed(
        'int_crm__deals_changed', 'opportunity_id', 'opportunities', within=ref('fct_opportunity')
    ) }}

),

-- the state of a day is that of the last change on or before it
told as (

    select
        states.opportunity_id,
        states.changed_on as told_from,
        coalesce(states.next_changed_on, {{ end_of_time() }}) as told_before,
        states.stage,
        states.forecast_category,
        states.amount_cents,
        states.win_probability_share,
        states.close_date,
        coalesce(states.is_stage_inferred, false) as is_inferred
    from states
    where states.next_changed_on is null or states.next_changed_on > states.changed_on

),

-- where no change is kept, today's state stands in for it
today as (

    select
        opportunities.opportunity_id,
        opportunities.opened_on as told_from,
        coalesce(paths.first_changed_on, {{ end_of_time() }}) as told_before,
        opportunities.stage,
        opportunities.forecast_category,
        opportunities.amount_cents,
        opportunities.win_probability_share,
        opportunities.close_date,
        true as is_inferred
    from opportunities
    left join {{ ref('int_crm__opportunity_paths') }} as paths
        on opportunities.opportunity_id = paths.opportunity_id

),

every_spell as (

    select * from told
    union all
    select * from today

),

clipped as (

    select
        every_spell.opportunity_id,
        greatest(every_spell.told_from, opportunities.opened_on) as valid_from,
        least(every_spell.told_before, opportunities.open_before) as valid_before,
        coalesce(every_spell.stage, opportunities.stage) as stage,
        coalesce(every_spell.forecast_category, opportunities.forecast_category)
            as forecast_category,
        every_spell.amount_cents,
        coalesce(
            every_spell.win_probability_share, opportunities.win_probability_share
        ) as win_probability_share,
        coalesce(every_spell.close_date, opportunities.close_date) as close_date,
        every_spell.is_inferred
    from every_spell
    inner join opportunities
        on every_spell.opportunity_id = opportunities.opportunity_id

),

final as (

    select *
    from clipped
    where valid_from < valid_before

)

select * from final
