with node_periods as (

    select * from {{ ref('int_drift__node_periods') }}

),

node_months as (

    select * from {{ ref('int_drift__node_months') }}
    where value is not null

),

node_state as (

    select * from {{ ref('int_drift__node_state') }}
    where value is not null

),

in_force as (

    select * from {{ ref('int_plan__months_in_force') }}

),

planned as (

    select * from {{ ref('int_plan__planned_measures') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

measured as (

    select * from node_periods

    union all

    select
        measure,
        node_level,
        node_id,
        'month' as grain,
        month_start as period_start,
        value
    from node_months

    union all

    select
        measure,
        node_level,
        node_id,
        'night' as grain,
        seen_on as period_start,
        value
    from node_state

),

compared as (

    select
        *,
        avg(value) over earlier as usual_value,
        stddev_samp(value) over earlier as usual_deviation,
        count(*) over earlier as usual_periods_count
    from measured
    window earlier as (
        partition by measure, node_level, node_id, grain
        order by period_start
        rows between 12 preceding and 1 preceding
    )

),

final as (

    select
        compared.measure,
        compared.node_level,
        compared.node_id,
        compared.grain,
        compared.period_start,
        {{ stable_measure('compared.value') }} as measured_value,
        {{ stable_measure('compared.usual_value') }} as usual_value,
        cast(compared.usual_periods_count as integer) as usual_periods_count,
        {{ stable(normal_score_of_t(
            'compared.value', 'compared.usual_value', 'compared.usual_deviation',
            'compared.usual_periods_count'
        )) }} as z,
        planned.plan_value,
        cast(in_force.plan_version as bigint) as plan_version,
        run.as_of
    from compared
    cross join run
    left join in_force
        on
            compared.period_start >= in_force.month_start
            and compared.period_start <= in_force.month_end
    left join planned
        on
            in_force.plan_version = planned.plan_version
            and compared.measure
            = case planned.measure when 'heads' then 'headcount' else planned.measure end
            and compared.node_level = planned.node_level
            and compared.node_id = planned.node_id
            and compared.period_start = planned.month_start
            and compared.grain = 'month'
    where compared.period_start >= {{ add_months(-13, 'run.data_through') }}

)

select * from final
