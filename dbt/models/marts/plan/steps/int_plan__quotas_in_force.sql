with quotas as (

    select * from {{ ref('fct_plan_quota') }}

),

in_force as (

    select * from {{ ref('int_plan__months_in_force') }}

),

final as (

    select
        quotas.rep_id,
        quotas.segment_id,
        quotas.region_id,
        quotas.month_start,
        quotas.quota_cents,
        quotas.plan_version
    from quotas
    inner join in_force
        on
            quotas.plan_version = in_force.plan_version
            and quotas.month_start = in_force.month_start

)

select * from final
