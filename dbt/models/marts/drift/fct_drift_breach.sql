with alarms as (

    select * from {{ ref('int_drift__alarm_spells') }}

),

reps_left as (

    select * from {{ ref('int_drift__reps_left') }}

),

launches_slipped as (

    select * from {{ ref('int_drift__launches_slipped') }}

),

thresholds as (

    select * from {{ ref('stg_reference__thresholds') }}
    where tier = 'act'

),

versions as (

    select * from {{ ref('stg_plan_book__versions') }}
    where breach_key is not null

),

answers as (

    select
        breach_key,
        max(
            case state
                when 'published' then 3
                when 'superseded' then 3
                when 'rejected' then 1
                else 2
            end
        ) as answer_rank,
        max(
            case when state in ('published', 'superseded') then plan_version end
        ) as answered_by_version
    from versions
    group by breach_key

),

breaches as (

    select
        metric || ':' || node_level
        || case when node_level = 'company' then '' else ':' || node_id end
        || ':' || direction || ':' || {{ as_text('first_month_start') }} as breach_key,
        metric,
        node_level,
        node_id,
        direction,
        first_seen_on,
        last_seen_on,
        statistic,
        limit_value,
        case
            when node_level = 'company' then 'company'
            when node_level = 'segment_role'
                then 'segment:' || {{ before_colon('node_id') }}
            else node_level || ':' || node_id
        end as scope,
        cause,
        case
            when metric = 'attainment' then 'bookings of '
            else 'heads summed over months of '
        end || {{ as_text(
            'cast(round(plan_to_date / case when metric = \'attainment\' then 100 else 1 end)'
            ~ ' as bigint)'
        ) }} || ' since the plan took force' as expected,
        plan_version,
        is_still_true,
        as_of
    from alarms

    union all

    select
        'rep_left:' || rep_id || ':' || {{ as_text('event_on') }} as breach_key,
        'rep_left' as metric,
        'rep' as node_level,
        rep_id as node_id,
        'below' as direction,
        first_seen_on,
        last_seen_on,
        cast(1 as double) as statistic,
        cast(1 as double) as limit_value,
        'rep:' || rep_id as scope,
        'left on ' || {{ as_text('event_on') }} || ' while owning '
        || {{ as_text('accounts_count') }} || ' accounts in the plan' as cause,
        'every account in the plan has an owner who is there' as expected,
        plan_version,
        is_still_true,
        as_of
    from reps_left

    union all

    select
        'launch_slipped:' || launch_id || ':' || {{ as_text('event_on') }} as breach_key,
        'launch_slipped' as metric,
        'launch' as node_level,
        launch_id as node_id,
        'below' as direction,
        event_on as first_seen_on,
        last_seen_on,
        cast(1 as double) as statistic,
        cast(1 as double) as limit_value,
        'company' as scope,
        'launch of ' || name || coalesce(
            ' came on ' || {{ as_text('launched_on') }}, ' has not come'
        ) as cause,
        'launch on ' || {{ as_text('planned_on') }} as expected,
        plan_version,
        is_still_true,
        as_of
    from launches_slipped

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
        case answers.answer_rank
            when 3 then 'answered'
            when 2 then 'proposed'
            when 1 then 'rejected'
            -- passed on its own: nothing is left to answer
            else case when breaches.is_still_true then 'open' else 'answered' end
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
