with signals as (

    select * from {{ ref('fct_drift_signal') }}
    where is_latest

),

breaches as (

    select
        metric,
        node_level,
        node_id,
        count(*) as open_breaches_count,
        min(breach_key) as breach_key
    from {{ ref('fct_drift_breach') }}
    where is_still_true and state in ('open', 'proposed')
    group by metric, node_level, node_id

),

wide as (

    select
        metric,
        node_level,
        node_id,
        as_of,
        max(month_start) as month_start,
        max(plan_version) as plan_version,
        max(plan_to_date) as plan_to_date,
        max(actual_to_date) as actual_to_date,
        max(case when direction = 'below' then statistic end) as below_statistic,
        max(case when direction = 'above' then statistic end) as above_statistic,
        max(case when tier = 'act' then limit_value end) as act_limit_value,
        max(case when tier = 'watch' then limit_value end) as watch_limit_value,
        max(z) as z,
        max(case when tier = 'act' and is_alarm then 1 else 0 end) as has_act_alarm,
        max(case when tier = 'watch' and is_alarm then 1 else 0 end) as has_watch_alarm,
        min(case when is_silent then 1 else 0 end) as is_silent,
        max(cause) as cause
    from signals
    group by metric, node_level, node_id, as_of

),

final as (

    select
        wide.metric,
        wide.node_level,
        wide.node_id,
        wide.month_start,
        wide.plan_version,
        wide.plan_to_date,
        wide.actual_to_date,
        {{ ratio('wide.actual_to_date', 'wide.plan_to_date') }} as to_date_share,
        wide.z,
        wide.below_statistic,
        wide.above_statistic,
        wide.act_limit_value,
        wide.watch_limit_value,
        case
            when wide.is_silent = 1 then 'silent'
            when wide.has_act_alarm = 1 then 'act'
            when wide.has_watch_alarm = 1 then 'watch'
            else 'on_plan'
        end as status,
        wide.cause,
        cast(coalesce(breaches.open_breaches_count, 0) as integer) as open_breaches_count,
        breaches.breach_key,
        wide.as_of
    from wide
    left join breaches
        on
            wide.metric = breaches.metric
            and wide.node_level = breaches.node_level
            and wide.node_id = breaches.node_id

)

select * from final
