with lines as (

    select * from {{ ref('stg_plan_book__scenario_bridges') }}

),

versions as (

    select * from {{ ref('dim_plan_version') }}

),

final as (

    select
        versions.plan_version,
        lines.scenario,
        lines.measure,
        lines.driver_order,
        lines.driver,
        lines.change,
        lines.value_after,
        first_value(lines.value_after) over (
            partition by lines.plan_version, lines.measure
            order by lines.driver_order desc
        ) as scenario_value,
        versions.as_of
    from lines
    inner join versions
        on lines.plan_version = versions.plan_version

)

select * from final
