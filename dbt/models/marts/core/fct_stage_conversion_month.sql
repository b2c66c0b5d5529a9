with states as (

    select * from {{ ref('int_crm__opportunity_states') }}

),

stages as (

    select * from {{ ref('stg_reference__stages') }}

),

opportunities as (

    select * from {{ ref('fct_opportunity') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

entered as (

    select
        states.opportunity_id,
        stages.stage,
        stages.stage_rank,
        min(states.changed_on) as entered_on
    from states
    inner join stages
        on states.stage = stages.stage
    where not stages.is_closed
    group by states.opportunity_id, stages.stage, stages.stage_rank

),

followed as (

    select
        entered.*,
        opportunities.segment_id,
        opportunities.is_won,
        opportunities.is_closed,
        lead(entered.entered_on) over (
            partition by entered.opportunity_id order by entered.stage_rank
        ) is not null as has_next
    from entered
    inner join opportunities
        on entered.opportunity_id = opportunities.opportunity_id

),

final as (

    select
        followed.segment_id,
        followed.stage,
        cast(followed.stage_rank as integer) as stage_rank,
        months.month_start,
        count(*) as entered_count,
        count(case when followed.has_next or followed.is_won then 1 end) as advanced_count,
        count(case when followed.is_won then 1 end) as won_count,
        count(
            case
                when followed.is_closed and not followed.has_next and not followed.is_won
                    then 1
            end
        ) as lost_count,
        not months.is_complete as is_partial,
        months.as_of
    from followed
    inner join months
        on followed.entered_on between months.month_start and months.month_end
    group by
        followed.segment_id,
        followed.stage,
        followed.stage_rank,
        months.month_start,
        months.is_complete,
        months.as_of

)

select * from final
