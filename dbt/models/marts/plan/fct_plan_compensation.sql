with lines as (

    select * from {{ ref('stg_plan_book__compensation') }}

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
        cast(lines.target_pay_cents as bigint) as target_pay_cents,
        cast(lines.variable_cents as bigint) as variable_cents,
        versions.as_of
    from lines
    inner join versions
        on lines.plan_version = versions.plan_version

)

select * from final
