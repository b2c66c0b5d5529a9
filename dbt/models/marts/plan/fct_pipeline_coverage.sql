with periods as (

    select * from {{ ref('dim_fiscal_period') }}

),

quarters as (

    select * from {{ ref('dim_fiscal_quarter') }}
    where not is_complete

),

planned as (

    select
        measures.plan_version,
        measures.scenario,
        measures.node_id as segment_id,
        periods.quarter_start,
        cast(round(sum(measures.plan_value)) as bigint) as target_cents,
        cast(round(coalesce(sum(measures.actual_value), 0)) as bigint) as booked_cents
    from {{ ref('fct_plan_vs_actual') }} as measures
    inner join periods
        on measures.month_start = periods.month_start
    where
        measures.is_in_force
        and measures.node_level = 'segment'
        and measures.measure = 'bookings'
    group by
        measures.plan_version,
        measures.scenario,
        measures.node_id,
        periods.quarter_start

),

-- deals past their day still have to close in this quarter; renewals cover no plan
pipeline as (

    select
        opportunities.segment_id,
        quarters.quarter_start,
        cast(coalesce(sum(opportunities.amount_cents), 0) as bigint) as pipeline_cents
    from {{ ref('fct_opportunity') }} as opportunities
    cross join {{ ref('stg_reference__run') }} as run
    inner join quarters
        on
            greatest(opportunities.close_date, run.data_through)
            between quarters.quarter_start and quarters.quarter_end
    where
        not opportunities.is_closed
        and coalesce(
            ',' || run.booking_types || ',' like '%,' || opportunities.booking_type || ',%',
            true
        )
    group by opportunities.segment_id, quarters.quarter_start

),

final as (

    select
        planned.plan_version,
        planned.scenario,
        planned.segment_id,
        quarters.fiscal_year,
        quarters.fiscal_quarter,
        quarters.quarter_start,
        planned.target_cents,
        planned.booked_cents,
        greatest(planned.target_cents - planned.booked_cents, 0) as remaining_cents,
        coalesce(pipeline.pipeline_cents, 0) as pipeline_cents,
        {{ stable(ratio(
            'coalesce(pipeline.pipeline_cents, 0)',
            'greatest(planned.target_cents - planned.booked_cents, 0)'
        )) }} as coverage_ratio,
        quarters.is_partial,
        quarters.as_of
    from planned
    inner join quarters
        on planned.quarter_start = quarters.quarter_start
    left join pipeline
        on
            planned.segment_id = pipeline.segment_id
            and planned.quarter_start = pipeline.quarter_start

)

select * from final
