with lines as (

    select * from {{ ref('stg_plan_book__capacities') }}

),

versions as (

    select * from {{ ref('dim_plan_version') }}

),

final as (

    select
        versions.plan_version,
        versions.scenario,
        lines.segment_id,
        lines.role,
        lines.month_start,
        lines.heads,
        lines.ramped_heads,
        cast(lines.capacity_cents as bigint) as capacity_cents,
        cast(lines.capacity_p10_cents as bigint) as capacity_p10_cents,
        cast(lines.capacity_p90_cents as bigint) as capacity_p90_cents,
        versions.as_of
    from lines
    inner join versions
        on lines.plan_version = versions.plan_version

)

select * from final
