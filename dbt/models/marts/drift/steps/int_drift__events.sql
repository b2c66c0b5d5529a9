with reps_left as (

    select * from {{ ref('int_drift__reps_left') }}

),

launches_slipped as (

    select * from {{ ref('int_drift__launches_slipped') }}

),

final as (

    select
        'rep_left' as metric,
        'rep' as node_level,
        rep_id as node_id,
        event_on,
        first_seen_on,
        last_seen_on,
        plan_version,
        'rep:' || rep_id as scope,
        'left on ' || {{ as_text('event_on') }} || ' and owns '
        || {{ as_text('accounts_count') }} || ' accounts in the plan' as cause,
        'every account in the plan has an owner who is there' as expected,
        is_still_true,
        as_of
    from reps_left

    union all

    select
        'launch_slipped' as metric,
        'launch' as node_level,
        launch_id as node_id,
        event_on,
        event_on as first_seen_on,
        last_seen_on,
        plan_version,
        'company' as scope,
        'launch of ' || name || coalesce(
            ' came on ' || {{ as_text('launched_on') }}, ' has not come'
        ) as cause,
        'launch on ' || {{ as_text('planned_on') }} as expected,
        is_still_true,
        as_of
    from launches_slipped

)

select * from final
