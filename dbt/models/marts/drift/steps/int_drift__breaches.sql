with alarms as (

    select * from {{ ref('int_drift__alarm_spells') }}

),

events as (

    select * from {{ ref('int_drift__events') }}

),

final as (

    select
        breach_key,
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

)

select * from final
