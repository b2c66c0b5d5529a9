with months as (

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

-- summed by day first: few days are many deals
events as (

    select
        segment_id,
        -- a deal entered after it closed was open on no day
        case when is_closed then least(opened_on, close_date) else opened_on end
            as happened_on,
        count(*) as opened,
        0 as closed,
        sum(amount_cents) as opened_cents,
        null as won_cents,
        null as cycle_days,
        0 as won,
        0 as lost
    from {{ ref('fct_opportunity') }}
    group by
        segment_id,
        case when is_closed then least(opened_on, close_date) else opened_on end

    union all

    select
        segment_id,
        close_date as happened_on,
        0 as opened,
        count(*) as closed,
        null as opened_cents,
        sum(case when is_won then amount_cents end) as won_cents,
        sum(case when is_won then cycle_days end) as cycle_days,
        count(case when is_won then 1 end) as won,
        count(case when not coalesce(is_won, false) then 1 end) as lost
    from {{ ref('fct_opportunity') }}
    where is_closed
    group by segment_id, close_date

),

dated as (

    select
        events.*,
        days.month_start
    from events
    inner join days
        on events.happened_on = days.date_day

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
    from dated
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
