with invoiced as (

    select * from {{ ref('int_billing__invoiced_by_month') }}

),

recognised as (

    select * from {{ ref('int_billing__revenue_by_line') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

parts as (

    select
        account_id,
        month_start,
        invoiced_cents,
        0 as recognised_cents
    from invoiced

    union all

    select
        account_id,
        month_start,
        0 as invoiced_cents,
        recognised_cents
    from recognised

),

by_month as (

    select
        account_id,
        month_start,
        cast(sum(invoiced_cents) as bigint) as invoiced_cents,
        cast(sum(recognised_cents) as bigint) as recognised_cents
    from parts
    group by account_id, month_start

),

carried as (

    select
        *,
        cast(
            sum(invoiced_cents - recognised_cents) over (
                partition by account_id
                order by month_start
                rows between unbounded preceding and current row
            ) as bigint
        ) as closing_deferred_cents
    from by_month

),

final as (

    select
        carried.account_id,
        carried.month_start,
        carried.closing_deferred_cents
        - carried.invoiced_cents
        + carried.recognised_cents as opening_deferred_cents,
        carried.invoiced_cents,
        carried.recognised_cents,
        carried.closing_deferred_cents,
        not months.is_complete as is_partial,
        months.as_of
    from carried
    inner join months
        on carried.month_start = months.month_start

)

select * from final
