with bookings as (

    select
        account_id,
        month_start,
        cast(sum(amount_cents) as bigint) as booked_cents
    from {{ ref('fct_bookings') }}
    group by account_id, month_start

),

invoiced as (

    select
        lines.account_id,
        days.month_start,
        cast(sum(lines.amount_cents) as bigint) as invoiced_cents,
        cast(
            sum(case when lines.is_proration then lines.amount_cents else 0 end) as bigint
        ) as prorated_cents
    from {{ ref('int_billing__lines_in_force') }} as lines
    inner join {{ ref('stg_reference__fiscal_days') }} as days
        on lines.issued_on = days.date_day
    group by lines.account_id, days.month_start

),

habits as (

    select * from {{ ref('int_billing__billing_habits') }}

),

accounts as (

    select * from {{ ref('int_crm__accounts_described') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

sides as (

    select
        coalesce(bookings.account_id, invoiced.account_id) as account_id,
        coalesce(bookings.month_start, invoiced.month_start) as month_start,
        coalesce(bookings.booked_cents, 0) as booked_cents,
        coalesce(invoiced.invoiced_cents, 0) as invoiced_cents,
        coalesce(invoiced.prorated_cents, 0) as prorated_cents
    from bookings
    full outer join invoiced
        on
            bookings.account_id = invoiced.account_id
            and bookings.month_start = invoiced.month_start

),

described as (

    select
        sides.*,
        sides.booked_cents - sides.invoiced_cents as residual_cents,
        not months.is_complete as is_partial,
        months.as_of,
        accounts.is_inferred,
        coalesce(habits.is_linked, false) as has_billing,
        coalesce(
            sides.month_start between habits.first_part_month_start
            and habits.last_part_month_start,
            false
        ) as is_billed_in_parts,
        sum(sides.booked_cents - sides.invoiced_cents) over (
            partition by sides.account_id
        ) as residual_to_date_cents
    from sides
    inner join months
        on sides.month_start = months.month_start
    inner join accounts
        on sides.account_id = accounts.account_id
    left join habits
        on sides.account_id = habits.account_id

),

final as (

    select
        account_id,
        month_start,
        booked_cents,
        invoiced_cents,
        residual_cents,
        case
            when residual_cents = 0 then 'none'
            when is_inferred then 'account_not_in_crm'
            when not has_billing then 'account_not_in_billing'
            when residual_to_date_cents = 0 then 'timing'
            when is_billed_in_parts then 'billed_in_parts'
            when residual_cents = -prorated_cents then 'proration'
            when booked_cents = 0 then 'invoiced_without_booking'
            when invoiced_cents = 0 then 'booked_without_invoice'
            else 'amounts_differ'
        end as cause,
        is_partial,
        as_of
    from described

)

select * from final
