with reps as (

    select * from {{ ref('int_rep__reps') }}

),

jobs as (

    select * from {{ ref('int_rep__current_jobs') }}

),

leaves as (

    select * from {{ ref('int_hris__known_leaves') }}

),

days as (

    select
        days.date_day,
        days.month_start
    from {{ ref('stg_reference__fiscal_days') }} as days
    inner join {{ ref('stg_reference__run') }} as run
        on days.date_day <= run.data_through

),

months as (

    select
        month_start,
        days_count,
        least(month_end, data_through) as counted_to
    from {{ ref('int_policy__months') }}
    where has_begun

),

employed as (

    select
        reps.rep_id,
        months.month_start,
        months.days_count,
        {{ days_between(
            'greatest(reps.first_active_on, months.month_start)',
            'least(reps.last_active_on, months.counted_to)'
        ) }} + 1 as employed_days
    from reps
    inner join months
        on
            reps.first_active_on <= months.counted_to
            and coalesce(reps.last_active_on, {{ end_of_time() }}) >= months.month_start

),

-- two leaves may share a day; it is one day away
away as (

    select
        jobs.rep_id,
        days.month_start,
        count(distinct days.date_day) as away_days
    from leaves
    inner join jobs
        on leaves.worker_id = jobs.worker_id
    inner join reps
        on jobs.rep_id = reps.rep_id
    inner join days
        on
            days.date_day >= leaves.started_on
            and days.date_day <= coalesce(leaves.ended_on, {{ end_of_time() }})
            and days.date_day >= reps.first_active_on
            and days.date_day <= coalesce(reps.last_active_on, {{ end_of_time() }})
    group by jobs.rep_id, days.month_start

),

final as (

    select
        employed.rep_id,
        employed.month_start,
        employed.employed_days,
        coalesce(away.away_days, 0) as away_days,
        {{ stable(ratio(
            'employed.employed_days - coalesce(away.away_days, 0)',
            'employed.days_count'
        )) }} as active_share
    from employed
    left join away
        on
            employed.rep_id = away.rep_id
            and employed.month_start = away.month_start

)

select * from final
