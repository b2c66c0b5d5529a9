with periods as (

    select * from {{ ref('dim_fiscal_period') }}

),

quarters as (

    select
        quarter_start,
        count(*) as months_count
    from periods
    group by quarter_start

),

planned as (

    select
        quotas.rep_id,
        periods.quarter_start,
        cast(sum(quotas.quota_cents) as bigint) as quota_cents,
        count(*) as months_count,
        max(quotas.plan_version) as plan_version
    from {{ ref('int_plan__quotas_in_force') }} as quotas
    inner join periods
        on quotas.month_start = periods.month_start
    group by quotas.rep_id, periods.quarter_start

),

from_crm as (

    select
        quotas.rep_id,
        periods.quarter_start,
        cast(sum(quotas.quota_cents) as bigint) as quota_cents
    from {{ ref('fct_quota_month') }} as quotas
    inner join periods
        on quotas.month_start = periods.month_start
    group by quotas.rep_id, periods.quarter_start

),

joined as (

    -- the plan speaks where it covers the whole quarter, or where the CRM is silent
    select
        planned.plan_version,
        planned.quota_cents as planned_quota_cents,
        from_crm.quota_cents as crm_quota_cents,
        coalesce(planned.rep_id, from_crm.rep_id) as rep_id,
        coalesce(planned.quarter_start, from_crm.quarter_start) as quarter_start,
        planned.rep_id is not null
        and (
            from_crm.rep_id is null
            or planned.months_count = quarters.months_count
        ) as is_planned
    from planned
    full outer join from_crm
        on
            planned.rep_id = from_crm.rep_id
            and planned.quarter_start = from_crm.quarter_start
    left join quarters
        on planned.quarter_start = quarters.quarter_start

),

final as (

    select
        rep_id,
        quarter_start,
        case
            when is_planned then planned_quota_cents
            else crm_quota_cents
        end as quota_cents,
        case when is_planned then 'plan' else 'crm' end as quota_source,
        case when is_planned then plan_version end as plan_version
    from joined

)

select * from final
