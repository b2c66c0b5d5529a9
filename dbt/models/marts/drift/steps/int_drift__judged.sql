with evidence as (

    select * from {{ ref('int_drift__evidence') }}

),

thresholds as (

    select * from {{ ref('stg_reference__thresholds') }}

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

watched as (

    select
        evidence.*,
        thresholds.tier,
        thresholds.false_alarms_per_year,
        evidence.z is null
        or evidence.history_months_count < thresholds.min_history_months as is_silent,
        {{ ratio('12 * series.series_count', 'thresholds.false_alarms_per_year') }}
            as limit_value,
        {{ ratio('evidence.actual_to_date', 'evidence.plan_to_date') }} as to_date_share
    from evidence
    inner join thresholds
        on
            evidence.metric = thresholds.metric
            and evidence.node_level = thresholds.node_level
    inner join series
        on
            evidence.metric = series.metric
            and evidence.node_level = series.node_level

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

final as (

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
        is_silent,
        coalesce(not is_silent and statistic >= limit_value, false) as is_alarm,
        case
            when metric = 'attainment'
                then 'bookings since the plan took force are '
            else 'heads in the months since the plan took force are '
        end || coalesce({{ as_percent('to_date_share') }}, 'no share')
        || ' of plan' as cause
    from directed

)

select * from final
