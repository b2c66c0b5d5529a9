with bookings as (

    select
        account_id,
        month_start,
        cast(sum(amount_cents) as bigint) as booked_cents
    from {{ ref('fct_bookings') }}
    group by account_id, month_start

),

sides as (

    select
        coalesce(bookings.account_id, invoiced.account_id) as account_id,
        coalesce(bookings.month_start, invoiced.month_start) as month_start,
        coalesce(bookings.booked_cents, 0) as booked_cents,
        coalesce(invoiced.invoiced_cents, 0) as invoiced_cents,
        coalesce(invoiced.prorated_cents, 0) as prorated_cents,
        coalesce(invoiced.credited_cents, 0) as credited_cents
    from bookings
    full outer join {{ ref('int_billing__invoiced_by_month') }} as invoiced
        on
            bookings.account_id = invoiced.account_id
            and bookings.month_start = invoiced.month_start

),

to_date as (

    select
        account_id,
        sum(booked_cents - invoiced_cents) as residual_cents
    from sides
    group by account_id

),

described as (

    select
        sides.*,
        sides.booked_cents - sides.invoiced_cents as residual_cents,
        greatest(abs(sides.booked_cents), abs(sides.invoiced_cents)) as larger_cents,
        run.reconciliation_tolerance_cents as tolerance_cents,
        run.reconciliation_tolerance_share as tolerance_share,
        not months.is_complete as is_partial,
        months.as_of,
        inferred.account_id is not null as is_inferred,
        coalesce(habits.is_linked, false) as has_billing,
        coalesce(
            sides.month_start between habits.first_part_month_start
            and habits.last_part_month_start,
            false
        ) as is_billed_in_parts,
        to_date.residual_cents as residual_to_date_cents
    from sides
    inner join to_date
        on sides.account_id = to_date.account_id
    inner join {{ ref('int_policy__months') }} as months
        on sides.month_start = months.month_start
    cross join {{ ref('stg_reference__run') }} as run
    left join {{ ref('int_crm__accounts_segmented') }} as inferred
        on sides.account_id = inferred.account_id and inferred.is_inferred
    left join {{ ref('int_billing__billing_habits') }} as habits
        on sides.account_id = habits.account_id

),

judged as (

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
            when residual_cents = -credited_cents then 'credited'
            when booked_cents = 0 then 'invoiced_without_booking'
            when invoiced_cents = 0 then 'booked_without_invoice'
            else 'amounts_differ'
        end as cause,
        greatest(tolerance_cents, tolerance_share * larger_cents) as tolerance_cents,
        is_partial,
        as_of
    from described

),

final as (

    select
        account_id,
        month_start,
        booked_cents,
        invoiced_cents,
        residual_cents,
        cause,
        abs(residual_cents) > tolerance_cents
        and cause not in ('timing', 'billed_in_parts', 'proration', 'credited')
            as is_beyond_tolerance,
        is_partial,
        as_of
    from judged

)

select * from final
