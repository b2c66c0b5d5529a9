with opportunities as (

    select
        *,
        -- a deal entered after it closed was open on no day
        case when is_closed then least(opened_on, close_date) else opened_on end
            as entered_on
    from {{ ref('fct_opportunity') }}

),

months as (

    select * from {{ ref('int_policy__months') }}
    where has_begun

),

days as (

    select
        days.date_day,
        days.month_start
    from {{ ref('stg_reference__fiscal_days') }} as days
    inner join {{ ref('stg_reference__run') }} as run
        on days.date_day <= run.data_through

),

events as (

    select
        opportunities.segment_id,
        days.month_start,
        1 as opened,
        0 as closed,
        opportunities.amount_cents as opened_cents,
        cast(null as bigint) as won_cents,
        cast(null as integer) as cycle_days,
        0 as won,
        0 as lost
    from opportunities
    inner join days
        on opportunities.entered_on = days.date_day

    union all

    select
        opportunities.segment_id,
        days.month_start,
        0 as opened,
        1 as closed,
        cast(null as bigint) as opened_cents,
        case when opportunities.is_won then opportunities.amount_cents end as won_cents,
        case when opportunities.is_won then opportunities.cycle_days end as cycle_days,
        case when opportunities.is_won then 1 else 0 end as won,
        case when opportunities.is_won then 0 else 1 end as lost
    from opportunities
    inner join days
        on opportunities.close_date = days.date_day
    where opportunities.is_closed

),

summed as (

    select
        segment_id,
        month_start,
        cast(sum(opened) as bigint) as opened_count,
        cast(coalesce(sum(opened_cents), 0) as bigint) as opened_cents,
        cast(sum(won) as bigint) as won_count,
        cast(coalesce(sum(won_cents), 0) as bigint) as won_cents,
        cast(sum(lost) as bigint) as lost_count,
        cast(coalesce(sum(cycle_days), 0) as bigint) as won_cycle_days,
        cast(
            sum(sum(opened - closed)) over (
                partition by segment_id
                order by month_start
                rows between unbounded preceding and current row
            ) as bigint
        ) as open_count
    from events
    group by segment_id, month_start

),

final as (

    select
        summed.segment_id,
        summed.month_start,
        summed.opened_count,
        summed.opened_cents,
        summed.won_count,
        summed.won_cents,
        summed.lost_count,
        summed.open_count,
        summed.won_cycle_days,
        {{ stable(ratio('summed.won_count', 'summed.won_count + summed.lost_count')) }}
            as win_rate_share,
        {{ stable(ratio('summed.won_cycle_days', 'summed.won_count')) }} as mean_cycle_days,
        -- open deals x win rate x mean deal / mean cycle
        {{ stable(
            'summed.open_count * ' ~ ratio(
                'summed.won_count', 'summed.won_count + summed.lost_count'
            ) ~ ' * ' ~ ratio('summed.won_cents', 'summed.won_cycle_days')
        ) }} as velocity_cents_per_day,
        not months.is_complete as is_partial,
        months.as_of
    from summed
    inner join months
        on summed.month_start = months.month_start

)

select * from final
