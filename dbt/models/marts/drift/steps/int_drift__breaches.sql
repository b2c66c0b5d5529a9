with alarms as (

    select * from {{ ref('int_drift__alarm_spells') }}

),

events as (

    select * from {{ ref('int_drift__events') }}

),

weeks as (

    select
        *,
        min(case when is_alarm then week_start end) over (
            partition by metric, node_level, node_id, direction, watched_from
        ) as first_alarm_week,
        row_number() over (
            partition by metric, node_level, node_id, direction, watched_from, is_alarm
            order by week_start desc
        ) as place
    from {{ ref('fct_drift_watch') }}

),

-- once for each start of a plan, however often it came and went
watched as (

    select
        *,
        metric || ':' || node_level
        || case when node_level = 'company' then '' else ':' || node_id end
        || ':' || direction || ':' || {{ as_text('first_alarm_week') }} as breach_key
    from weeks
    where is_alarm and place = 1 and not is_explained_by_parent

),

final as (

    select
        breach_key,
        'act' as tier,
        metric,
        node_level,
        node_id,
        direction,
        first_seen_on,
        last_seen_on,
        statistic,
        limit_value,
        scope,
        cause,
        expected,
        plan_version,
        is_still_true,
        as_of
    from alarms

    union all

    -- an event is certain: its statistic is at its limit
    select
        metric || ':' || node_id || ':' || {{ as_text('event_on') }} as breach_key,
        'act' as tier,
        metric,
        node_level,
        node_id,
        'below' as direction,
        first_seen_on,
        last_seen_on,
        cast(1 as double) as statistic,
        cast(1 as double) as limit_value,
        scope,
        cause,
        expected,
        plan_version,
        is_still_true,
        as_of
    from events

    union all

    select
        breach_key,
        'watch' as tier,
        metric,
        node_level,
        node_id,
        direction,
        {{ add_days(6, 'first_alarm_week') }} as first_seen_on,
        {{ add_days(6, 'week_start') }} as last_seen_on,
        statistic,
        limit_value,
        case when node_level = 'company' then 'company' else node_level || ':' || node_id end
            as scope,
        cause,
        'going on as usual' as expected,
        plan_version,
        is_latest as is_still_true,
        as_of
    from watched

)

select * from final
