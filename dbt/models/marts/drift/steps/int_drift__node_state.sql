with coverage as (

    select * from {{ ref('fct_pipeline_coverage') }}

),

versions as (

    select * from {{ ref('dim_plan_version') }}

),

assignments as (

    select * from {{ ref('fct_plan_assignment') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

backtest as (

    select * from {{ ref('stg_forecast__backtests') }}
    where is_champion and actual_cents is not null and forecast_cents is not null

),

loads as (

    select * from {{ ref('stg_quality__loads') }}

),

books as (

    select
        assignments.segment_id,
        assignments.rep_id,
        sum(assignments.potential_cents) as potential_cents
    from assignments
    inner join versions
        on assignments.plan_version = versions.plan_version
    inner join run
        on
            run.as_of >= assignments.valid_from
            and run.as_of <= coalesce(assignments.valid_to, {{ end_of_time() }})
    where versions.is_in_force
    group by assignments.segment_id, assignments.rep_id

),

-- what stands on the night itself, in the month of the night
standing as (

    select
        'pipeline_coverage' as measure,
        coverage.segment_id as node_id,
        max(coverage.coverage_ratio) as value
    from coverage
    inner join versions
        on coverage.plan_version = versions.plan_version
    inner join run
        on coverage.quarter_start <= run.as_of
    where versions.is_in_force and coverage.is_partial
    group by coverage.segment_id

    union all

    select
        'territory_balance' as measure,
        segment_id as node_id,
        {{ ratio('stddev_pop(potential_cents)', 'avg(potential_cents)') }} as value
    from books
    group by segment_id

),

final as (

    select
        standing.measure,
        'segment' as node_level,
        standing.node_id,
        run.data_through as seen_on,
        standing.value
    from standing
    cross join run

    union all

    select
        'forecast_bias' as measure,
        node_level,
        node_id,
        origin_on as seen_on,
        {{ ratio('sum(forecast_cents - actual_cents)', 'sum(actual_cents)') }} as value
    from backtest
    where node_level in ('company', 'segment', 'region')
    group by node_level, node_id, origin_on

    union all

    select
        'data_health' as measure,
        'company' as node_level,
        'company' as node_id,
        known_on as seen_on,
        {{ ratio('sum(rows_quarantined)', 'sum(rows_read)') }} as value
    from loads
    group by known_on

)

select * from final
