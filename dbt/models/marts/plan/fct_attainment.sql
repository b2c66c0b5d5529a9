with quotas as (

    select * from {{ ref('int_plan__quotas_by_quarter') }}

),

periods as (

    select * from {{ ref('dim_fiscal_period') }}

),

quarters as (

    select
        fiscal_year,
        fiscal_quarter,
        quarter_start,
        quarter_end,
        as_of,
        min(case when is_complete then 1 else 0 end) = 0 as is_partial
    from periods
    group by fiscal_year, fiscal_quarter, quarter_start, quarter_end, as_of
    having max(case when is_complete or is_partial then 1 else 0 end) = 1

),

booked as (

    select
        bookings.rep_id,
        periods.quarter_start,
        cast(sum(bookings.amount_cents) as bigint) as bookings_cents
    from {{ ref('fct_bookings') }} as bookings
    inner join periods
        on bookings.month_start = periods.month_start
    where bookings.is_in_plan
    group by bookings.rep_id, periods.quarter_start

),

final as (

    select
        quotas.rep_id,
        quarters.fiscal_year,
        quarters.fiscal_quarter,
        quarters.quarter_start,
        quarters.quarter_end,
        quotas.quota_cents,
        coalesce(booked.bookings_cents, 0) as bookings_cents,
        {{ ratio('coalesce(booked.bookings_cents, 0)', 'quotas.quota_cents') }}
            as attainment_share,
        quarters.is_partial,
        quotas.quota_source,
        cast(quotas.plan_version as bigint) as plan_version,
        quarters.as_of
    from quotas
    inner join quarters
        on quotas.quarter_start = quarters.quarter_start
    left join booked
        on
            quotas.rep_id = booked.rep_id
            and quotas.quarter_start = booked.quarter_start

)

select * from final
