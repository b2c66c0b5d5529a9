{{ config(materialized='view') }}

with lines as (

    select
        lines.*,
        due.due_from,
        greatest(lines.earned_from, due.due_from) as recognised_from,
        greatest(
            {{ add_days('lines.service_days - 1', 'lines.service_from') }},
            lines.earned_from
        ) as earned_to
    from {{ ref('int_billing__lines_in_force') }} as lines
    inner join {{ ref('int_billing__accounts_due') }} as due
        on lines.account_id = due.account_id

),

-- most lines were earned before anything is due
lines_due as (

    select * from lines
    where earned_to >= due_from

),

months as (

    select
        month_start,
        least(month_end, data_through) as recognised_to
    from {{ ref('int_policy__months') }}
    where has_begun

),

service_months as (

    select
        lines_due.line_id,
        lines_due.account_id,
        lines_due.amount_cents,
        lines_due.service_days,
        months.month_start,
        case
            when months.month_start <= lines_due.earned_from then 0
            else least(
                {{ days_between('lines_due.service_from', 'months.month_start') }},
                lines_due.service_days
            )
        end as days_before,
        least(
            greatest(
                {{ days_between('lines_due.service_from', 'months.recognised_to') }} + 1, 0
            ),
            lines_due.service_days
        ) as days_after
    from lines_due
    inner join months
        on
            lines_due.recognised_from <= months.recognised_to
            and lines_due.earned_to >= months.month_start

),

final as (

    -- by day of service; a credit note makes good the days before it in its own month;
    -- the months of a line sum to the line, cent by cent
    select
        line_id,
        account_id,
        month_start,
        {{ part_of('amount_cents', 'days_before', 'days_after', 'service_days') }}
            as recognised_cents
    from service_months

)

select * from final
