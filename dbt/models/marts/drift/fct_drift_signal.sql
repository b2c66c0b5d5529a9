with evidence as (

    select * from {{ ref('int_drift__evidence') }}

),

thresholds as (

    select * from {{ ref('stg_reference__thresholds') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

reps_left as (

    select * from {{ ref('int_drift__reps_left') }}

),

launches_slipped as (

    select * from {{ ref('int_drift__launches_slipped') }}

),

periods as (

    select * from {{ ref('dim_fiscal_period') }}

),

watched as (

    select
        evidence.*,
        thresholds.tier,
        thresholds.false_alarms_per_year,
        evidence.z is null
        or evidence.history_months_count < thresholds.min_history_months as is_silent
    from evidence
    inner join thresholds
        on
            evidence.metric = thresholds.metric
            and evidence.node_level = thresholds.node_level

),

-- a node is two series, one for each direction, and they share the level's budget
series as (

    select
        metric,
        node_level,
        2 * count(distinct node_id) as series_count
    from evidence
    group by metric, node_level

),

directed as (

    select
        *,
        'below' as direction,
        below_statistic as statistic
    from watched

    union all

    select
        *,
        'above' as direction,
        above_statistic as statistic
    from watched

),

measured as (

    select
        directed.*,
        {{ ratio(
            '12 * series.series_count', 'directed.false_alarms_per_year'
        ) }} as limit_value,
        {{ ratio('directed.actual_to_date', 'directed.plan_to_date') }} as to_date_share
    from directed
    inner join series
        on
            directed.metric = series.metric
            and directed.node_level = series.node_level

),

events as (

    select
        'rep_left' as metric,
        'rep' as node_level,
        rep_id as node_id,
        event_on,
        plan_version,
        'has left and owns '
        || {{ as_text('accounts_count') }} || ' accounts in the plan' as cause,
        is_still_true
    from reps_left

    union all

    select
        'launch_slipped' as metric,
        'launch' as node_level,
        launch_id as node_id,
        event_on,
        plan_version,
        'planned for ' || {{ as_text('planned_on') }} || coalesce(
            ', launched on ' || {{ as_text('launched_on') }}, ', not launched yet'
        ) as cause,
        is_still_true
    from launches_slipped

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
        coalesce(not is_silent and statistic >= limit_value, false) as is_alarm,
        is_silent,
        case
            when metric = 'attainment'
                then 'bookings since the plan took force are '
            else 'heads in the months since the plan took force are '
        end || coalesce({{ as_percent('to_date_share') }}, 'not comparable')
        || ' of plan' as cause
    from measured

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
                signals.metric,
                signals.node_level,
                signals.node_id,
                signals.direction,
                signals.tier
            order by signals.month_start desc
        ) = 1 as is_latest,
        run.as_of
    from signals
    cross join run

)

select * from final
