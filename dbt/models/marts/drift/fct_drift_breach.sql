with alarms as (

    select * from {{ ref('int_drift__alarm_spells') }}

),

events as (

    select * from {{ ref('int_drift__events') }}

),

thresholds as (

    select * from {{ ref('stg_reference__thresholds') }}
    where tier = 'act'

),

answers as (

    select * from {{ ref('int_drift__answers') }}

),

breaches as (

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

),

final as (

    select
        breaches.breach_key,
        breaches.metric,
        breaches.node_level,
        breaches.node_id,
        breaches.direction,
        breaches.first_seen_on,
        breaches.last_seen_on,
        breaches.statistic,
        breaches.limit_value,
        breaches.scope,
        thresholds.asks_for,
        breaches.cause,
        breaches.expected,
        case
            when answers.answer_rank = 3 then 'answered'
            when answers.answer_rank = 2 then 'proposed'
            when answers.answer_rank = 1 then 'rejected'
            when breaches.is_still_true then 'open'
            -- passed on its own: nothing is left to answer
            else 'answered'
        end as state,
        cast(answers.answered_by_version as bigint) as answered_by_version,
        cast(breaches.plan_version as bigint) as plan_version,
        breaches.is_still_true,
        breaches.as_of
    from breaches
    inner join thresholds
        on
            breaches.metric = thresholds.metric
            and breaches.node_level = thresholds.node_level
    left join answers
        on breaches.breach_key = answers.breach_key

)

select * from final
