with entered as (

    select * from {{ ref('int_crm__stages_entered') }}

),

days as (

    select * from {{ ref('stg_reference__fiscal_days') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

by_month as (

    select
        entered.segment_id,
        entered.stage,
        entered.stage_rank,
        days.month_start,
        count(*) as entered_count,
        count(case when entered.has_next or entered.is_won then 1 end) as advanced_count,
        count(case when entered.is_won then 1 end) as won_count,
        count(
            case
                when entered.is_closed and not entered.has_next and not entered.is_won
                    then 1
            end
        ) as lost_count
    from entered
    inner join days
        on entered.entered_on = days.date_day
    group by entered.segment_id, entered.stage, entered.stage_rank, days.month_start

),

final as (

    select
        by_month.segment_id,
        by_month.stage,
        by_month.stage_rank,
        by_month.month_start,
        by_month.entered_count,
        by_month.advanced_count,
        by_month.won_count,
        by_month.lost_count,
        not months.is_complete as is_partial,
        months.as_of
    from by_month
    inner join months
        on by_month.month_start = months.month_start

)

select * from final
