with leaves as (

    select * from {{ ref('int_hris__known_leaves') }}

),

jobs as (

    select * from {{ ref('int_rep__current_jobs') }}

),

reps as (

    select * from {{ ref('dim_rep') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

-- a leave without an end goes on until there is one, as far as the month is covered
final as (

    select
        reps.rep_id,
        leaves.started_on as leave_from,
        leaves.ended_on as leave_to,
        months.month_start,
        cast(
            {{ days_between(
                'greatest(leaves.started_on, months.month_start)',
                'least(leaves.ended_on, months.month_end)'
            ) }} + 1 as integer
        ) as leave_days,
        cast(months.days_count as integer) as days_count,
        not months.is_complete as is_partial,
        months.as_of
    from leaves
    inner join jobs
        on leaves.worker_id = jobs.worker_id
    inner join reps
        on jobs.rep_id = reps.rep_id
    inner join months
        on
            leaves.started_on <= months.month_end
            and (
                leaves.ended_on >= months.month_start
                or (leaves.ended_on is null and months.has_begun)
            )

)

select * from final
