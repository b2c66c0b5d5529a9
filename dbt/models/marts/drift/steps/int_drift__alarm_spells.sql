with signals as (

    select * from {{ ref('fct_drift_signal') }}
    where tier = 'act' and metric in ('attainment', 'headcount')

),

periods as (

    select
        month_start,
        month_end
    from {{ ref('dim_fiscal_period') }}

),

in_order as (

    select
        signals.*,
        periods.month_end,
        row_number() over (
            partition by
                signals.metric, signals.node_level, signals.node_id, signals.direction
            order by signals.month_start
        ) as place
    from signals
    inner join periods
        on signals.month_start = periods.month_start

),

-- months of alarm in a row differ from their rank by the same number
alarms as (

    select
        *,
        place - row_number() over (
            partition by metric, node_level, node_id, direction order by month_start
        ) as island
    from in_order
    where is_alarm

),

spells as (

    select
        metric,
        node_level,
        node_id,
        direction,
        island,
        min(month_start) as first_month_start,
        max(month_start) as last_month_start,
        min(month_end) as first_seen_on,
        max(month_end) as last_seen_on
    from alarms
    group by metric, node_level, node_id, direction, island

),

final as (

    select
        spells.metric,
        spells.node_level,
        spells.node_id,
        spells.direction,
        spells.first_month_start,
        spells.first_seen_on,
        spells.last_seen_on,
        alarms.statistic,
        alarms.limit_value,
        alarms.plan_version,
        alarms.cause,
        alarms.is_latest as is_still_true,
        alarms.as_of,
        spells.metric || ':' || spells.node_level
        || case
            when spells.node_level = 'company' then ''
            else ':' || spells.node_id
        end
        || ':' || spells.direction
        || ':' || {{ as_text('spells.first_month_start') }} as breach_key,
        case
            when spells.node_level = 'company' then 'company'
            when spells.node_level = 'segment_role'
                then 'segment:' || {{ before_colon('spells.node_id') }}
            else spells.node_level || ':' || spells.node_id
        end as scope,
        case
            when spells.metric = 'attainment'
                then
                    'bookings of '
                    || {{ as_text('cast(round(alarms.plan_to_date / 100) as bigint)') }}
            else
                'heads over all months of '
                || {{ as_text('cast(round(alarms.plan_to_date) as bigint)') }}
        end || ' since the plan took force' as expected
    from spells
    inner join alarms
        on
            spells.metric = alarms.metric
            and spells.node_level = alarms.node_level
            and spells.node_id = alarms.node_id
            and spells.direction = alarms.direction
            and spells.last_month_start = alarms.month_start

)

select * from final
