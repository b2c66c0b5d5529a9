with breaches as (

    select * from {{ ref('int_drift__breaches') }}

),

thresholds as (

    select * from {{ ref('stg_reference__thresholds') }}

),

answers as (

    select * from {{ ref('int_drift__answers') }}

),

decisions as (

    select * from {{ ref('int_drift__decisions') }}

),

causes as (

    select * from {{ ref('int_drift__leading_causes') }}

),

by_cause as (

    select * from {{ ref('stg_reference__answers') }}

),

stated as (

    select
        breaches.*,
        coalesce(by_cause.asks_for, thresholds.asks_for) as asks_for,
        causes.leading_cause,
        answers.answered_by_version,
        decisions.verdict,
        decisions.gain_cents,
        decisions.cost_cents,
        decisions.reconsider_on,
        decisions.decision_why,
        decisions.is_time,
        decisions.is_open_again,
        case
            when answers.answer_rank = 3 then 'answered'
            when answers.answer_rank = 2 then 'proposed'
            when answers.answer_rank = 1 then 'rejected'
            when breaches.is_still_true then 'open'
            else 'answered'  -- passed on its own: nothing is left to answer
        end as state
    from breaches
    inner join thresholds
        on
            breaches.metric = thresholds.metric
            and breaches.node_level = thresholds.node_level
            and breaches.tier = thresholds.tier
    left join causes
        on
            breaches.metric = causes.metric
            and breaches.node_level = causes.node_level
            and breaches.node_id = causes.node_id
            and breaches.direction = causes.direction
    left join by_cause
        on
            breaches.metric = by_cause.metric
            and breaches.node_level = by_cause.node_level
            and causes.leading_cause = by_cause.cause
    left join answers
        on breaches.breach_key = answers.breach_key
    left join decisions
        on breaches.breach_key = decisions.breach_key

),

final as (

    select
        breach_key,
        tier,
        metric,
        node_level,
        node_id,
        direction,
        first_seen_on,
        last_seen_on,
        statistic,
        limit_value,
        scope,
        asks_for,
        cause,
        leading_cause,
        expected,
        state,
        cast(answered_by_version as bigint) as answered_by_version,
        cast(plan_version as bigint) as plan_version,
        is_still_true,
        verdict,
        gain_cents,
        cost_cents,
        reconsider_on,
        decision_why,
        asks_for <> '' and is_still_true
        and case
            when state = 'open' then coalesce(is_open_again, true)
            when state = 'rejected' then coalesce(is_time, false)
            else false
        end as is_due,
        as_of
    from stated

)

select * from final
