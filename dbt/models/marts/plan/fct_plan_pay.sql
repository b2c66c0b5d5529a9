with lines as (

    select * from {{ ref('stg_plan_book__pay_curves') }}

),

versions as (

    select * from {{ ref('dim_plan_version') }}

),

final as (

    select
        versions.plan_version,
        versions.scenario,
        lines.role,
        lines.threshold_share,
        lines.accelerator,
        lines.second_accelerator_from_share,
        lines.second_accelerator,
        lines.cap_multiple,
        cast(lines.mean_cents as bigint) as mean_cents,
        cast(lines.p90_cents as bigint) as p90_cents,
        lines.leverage_multiple,
        lines.reason,
        versions.as_of
    from lines
    inner join versions
        on lines.plan_version = versions.plan_version

)

select * from final
