with in_force as (

    select * from {{ ref('int_plan__months_in_force') }}

),

planned as (

    select * from {{ ref('int_plan__planned_measures') }}
    where measure = 'bookings'

),

sums as (

    select * from {{ ref('int_drift__node_sums') }}
    where grain = 'week' and node_level in ('company', 'segment', 'region', 'cell')

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

nodes as (

    select
        node_level,
        node_id,
        min(period_start) as first_week_start,
        min(min(period_start)) over () as company_first_week_start
    from sums
    group by node_level, node_id

),

-- what is usual starts anew where another version takes over with another figure
planned_starts as (

    select
        planned.node_level,
        planned.node_id,
        in_force.month_start,
        in_force.plan_version
    from in_force
    cross join run
    inner join planned
        on
            in_force.plan_version = planned.plan_version
            and in_force.month_start = planned.month_start
    left join planned as before
        on
            in_force.previous_plan_version = before.plan_version
            and planned.node_level = before.node_level
            and planned.node_id = before.node_id
            and planned.month_start = before.month_start
    where
        in_force.month_start <= run.data_through
        and coalesce(in_force.previous_plan_version <> in_force.plan_version, true)
        and coalesce(before.plan_value <> planned.plan_value, true)

),

-- a node that nothing is planned for goes by the company's plan
final as (

    select
        nodes.node_level,
        nodes.node_id,
        nodes.first_week_start,
        nodes.company_first_week_start,
        planned_starts.month_start,
        max(planned_starts.plan_version) as plan_version
    from nodes
    inner join planned_starts
        on
            (
                nodes.node_level = planned_starts.node_level
                and nodes.node_id = planned_starts.node_id
            )
            or (
                planned_starts.node_level = 'company'
                and nodes.node_level || ':' || nodes.node_id not in (
                    select planned.node_level || ':' || planned.node_id from planned
                )
            )
    group by
        nodes.node_level, nodes.node_id, nodes.first_week_start,
        nodes.company_first_week_start, planned_starts.month_start

)

select * from final
