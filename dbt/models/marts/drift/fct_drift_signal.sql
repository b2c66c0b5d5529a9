with judged as (

    select * from {{ ref('int_drift__judged') }}

),

events as (

    select * from {{ ref('int_drift__events') }}

),

thresholds as (

    select * from {{ ref('stg_reference__thresholds') }}

),

periods as (

    select * from {{ ref('dim_fiscal_period') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

signals as (

    select
        metric,
        node_level,
        node_id,
        month_start,
        direction,
        tier,
        plan_version,
        plan_value,
        actual_value,
        plan_to_date,
        actual_to_date,
        statistic,
        limit_value,
        false_alarms_per_year,
        z,
        is_alarm,
        is_silent,
        cause
    from judged

    union all

    -- an event is certain: its statistic is at its limit
    select
        events.metric,
        events.node_level,
        events.node_id,
        periods.month_start,
        'below' as direction,
        thresholds.tier,
        events.plan_version,
        cast(null as double) as plan_value,
        cast(null as double) as actual_value,
        cast(null as double) as plan_to_date,
        cast(null as double) as actual_to_date,
        cast(1 as double) as statistic,
        cast(1 as double) as limit_value,
        thresholds.false_alarms_per_year,
        cast(null as double) as z,
        events.is_still_true as is_alarm,
        false as is_silent,
        events.cause
    from events
    inner join thresholds
        on
            events.metric = thresholds.metric
            and events.node_level = thresholds.node_level
    inner join periods
        on events.event_on between periods.month_start and periods.month_end

),

final as (

    select
        signals.metric,
        signals.node_level,
        signals.node_id,
        signals.month_start,
        signals.direction,
        signals.tier,
        cast(signals.plan_version as bigint) as plan_version,
        signals.plan_value,
        signals.actual_value,
        signals.plan_to_date,
        signals.actual_to_date,
        signals.statistic,
        signals.limit_value,
        cast(signals.false_alarms_per_year as double) as false_alarms_per_year,
        signals.z,
        signals.is_alarm,
        signals.is_silent,
        signals.cause,
        row_number() over (
            partition by
                signals.metric, signals.node_level, signals.node_id,
                signals.direction, signals.tier
            order by signals.month_start desc
        ) = 1 as is_latest,
        run.as_of
    from signals
    cross join run

)

select * from final
