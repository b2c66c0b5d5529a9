with lines as (

    select * from {{ ref('stg_plan_book__hires') }}

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
        cast(lines.hires_count as bigint) as hires_count,
        lines.reason,
        versions.as_of
    from lines
    inner join versions
        on lines.plan_version = versions.plan_version

)

select * from final
