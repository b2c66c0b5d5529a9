with periods as (

    select * from {{ ref('dim_fiscal_period') }}

),

quarters as (

    select
        fiscal_year,
        fiscal_quarter,
        quarter_start,
        quarter_end,
        as_of,
        count(*) as months_count,
        min(case when is_complete then 1 else 0 end) = 0 as is_partial
    from periods
    group by fiscal_year, fiscal_quarter, quarter_start, quarter_end, as_of
    having max(case when is_complete or is_partial then 1 else 0 end) = 1

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

keys as (

    select
        rep_id,
        quarter_start
    from planned
    union
    select
        rep_id,
        quarter_start
    from from_crm

),

-- the plan speaks where it covers the whole quarter, or where the CRM is silent
chosen as (

    select
        keys.rep_id,
        quarters.fiscal_year,
        quarters.fiscal_quarter,
        quarters.quarter_start,
        quarters.quarter_end,
        quarters.is_partial,
        quarters.as_of,
        planned.plan_version,
        planned.quota_cents as planned_quota_cents,
        from_crm.quota_cents as crm_quota_cents,
        planned.rep_id is not null
        and (
            from_crm.rep_id is null
            or planned.months_count = quarters.months_count
        ) as is_planned
    from keys
    inner join quarters
        on keys.quarter_start = quarters.quarter_start
    left join planned
        on
            keys.rep_id = planned.rep_id
            and keys.quarter_start = planned.quarter_start
    left join from_crm
        on
            keys.rep_id = from_crm.rep_id
            and keys.quarter_start = from_crm.quarter_start

),

booked as (

    select
        bookings.rep_id,
        periods.quarter_start,
        cast(sum(bookings.amount_cents) as bigint) as bookings_cents
    from {{ ref('fct_bookings') }} as bookings
    inner join periods
        on bookings.month_start = periods.month_start
    group by bookings.rep_id, periods.quarter_start

),

quotas as (

    select
        *,
        case
            when is_planned then planned_quota_cents
            else crm_quota_cents
        end as quota_cents
    from chosen

),

final as (

    select
        quotas.rep_id,
        quotas.fiscal_year,
        quotas.fiscal_quarter,
        quotas.quarter_start,
        quotas.quarter_end,
        quotas.quota_cents,
        coalesce(booked.bookings_cents, 0) as bookings_cents,
        {{ ratio('coalesce(booked.bookings_cents, 0)', 'quotas.quota_cents') }}
            as attainment_share,
        quotas.is_partial,
        case when quotas.is_planned then 'plan' else 'crm' end as quota_source,
        case when quotas.is_planned then quotas.plan_version end as plan_version,
        quotas.as_of
    from quotas
    left join booked
        on
            quotas.rep_id = booked.rep_id
            and quotas.quarter_start = booked.quarter_start

)

select * from final
