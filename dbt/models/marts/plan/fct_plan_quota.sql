with lines as (

    select * from {{ ref('stg_plan_book__quotas') }}

),

versions as (

    select * from {{ ref('dim_plan_version') }}

),

final as (

    select
        versions.plan_version,
        versions.scenario,
        lines.rep_id,
        lines.segment_id,
        lines.region_id,
        lines.month_start,
        cast(lines.quota_cents as bigint) as quota_cents,
        cast(lines.base_cents as bigint) as base_cents,
        lines.reason,
        versions.as_of
    from lines
    inner join versions
        on lines.plan_version = versions.plan_version

)

select * from final
