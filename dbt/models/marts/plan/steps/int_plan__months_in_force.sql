with versions as (

    select * from {{ ref('stg_plan_book__versions') }}
    where state in ('published', 'superseded')

),

months as (

    select
        month_start,
        month_end,
        is_complete,
        is_partial,
        as_of
    from {{ ref('dim_fiscal_period') }}

),

candidates as (

    select
        months.month_start,
        months.month_end,
        months.is_complete,
        months.is_partial,
        months.as_of,
        versions.plan_version,
        versions.effective_from,
        versions.breach_key,
        row_number() over (
            partition by months.month_start
            order by versions.effective_from desc, versions.plan_version desc
        ) as preference
    from months
    inner join versions
        on months.month_start >= versions.effective_from

),

final as (

    select
        month_start,
        month_end,
        is_complete,
        is_partial,
        as_of,
        plan_version,
        effective_from,
        breach_key,
        lag(plan_version) over (order by month_start) as previous_plan_version
    from candidates
    where preference = 1

)

select * from final
