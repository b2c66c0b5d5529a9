with spells as (

    select * from {{ ref('int_billing__item_spells') }}

),

months as (

    select
        *,
        least(month_end, data_through) as measured_on,
        data_through <= month_end as is_latest
    from {{ ref('int_policy__months') }}
    where has_begun

),

closings as (

    select
        spells.account_id,
        months.month_start,
        cast(sum(spells.arr_cents) as bigint) as closing_cents
    from spells
    inner join months
        on
            spells.valid_from <= months.measured_on
            and coalesce(spells.valid_to, {{ end_of_time() }}) >= months.measured_on
    group by spells.account_id, months.month_start

),

first_months as (

    select
        account_id,
        min(month_start) as first_month_start,
        min(case when closing_cents > 0 then month_start end) as first_paid_month_start
    from closings
    group by account_id

),

-- every month from the first, so that a month without service is a zero
final as (

    select
        first_months.account_id,
        months.month_start,
        months.is_complete,
        months.is_latest,
        months.as_of,
        coalesce(closings.closing_cents, 0) as closing_cents,
        coalesce(before.closing_cents, 0) as opening_cents,
        coalesce(first_months.first_paid_month_start < months.month_start, false)
            as was_customer
    from first_months
    inner join months
        on first_months.first_month_start <= months.month_start
    left join closings
        on
            first_months.account_id = closings.account_id
            and months.month_start = closings.month_start
    -- looked up rather than told by a window: the table need not be sorted for it
    left join closings as before
        on
            first_months.account_id = before.account_id
            and {{ add_months(-1, 'months.month_start') }} = before.month_start

)

select * from final
