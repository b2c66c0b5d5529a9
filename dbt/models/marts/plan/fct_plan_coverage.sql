with lines as (

    select * from {{ ref('stg_plan_book__coverages') }}

),

versions as (

    select * from {{ ref('dim_plan_version') }}

),

final as (

    select
        versions.plan_version,
        versions.scenario,
        lines.account_id,
        lines.coverage_tier,
        cast(lines.value_cents as bigint) as value_cents,
        lines.reason,
        versions.as_of
    from lines
    inner join versions
        on lines.plan_version = versions.plan_version

)

select * from final
