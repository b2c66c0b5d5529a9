with lines as (

    select * from {{ ref('stg_plan_book__quota_bridges') }}

),

quotas as (

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
        lines.month_start,
        lines.step_order,
        lines.step,
        lines.cents,
        quotas.quota_cents,
        versions.as_of
    from lines
    inner join versions
        on lines.plan_version = versions.plan_version
    inner join quotas
        on
            lines.plan_version = quotas.plan_version
            and lines.rep_id = quotas.rep_id
            and lines.month_start = quotas.month_start

)

select * from final
