{{ config(materialized='view') }}

with lines as (

    select
        *,
        greatest(
            {{ add_days('service_days - 1', 'service_from') }}, earned_from
        ) as earned_to
    from {{ ref('int_billing__lines_in_force') }}

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
        lines.line_id,
        lines.account_id,
        lines.amount_cents,
        lines.service_days,
        months.month_start,
        case
            when months.month_start <= lines.earned_from then 0
            else least(
                {{ days_between('lines.service_from', 'months.month_start') }},
                lines.service_days
            )
        end as days_before,
        least(
            greatest(
                {{ days_between('lines.service_from', 'months.recognised_to') }} + 1, 0
            ),
            lines.service_days
        ) as days_after
    from lines
    inner join months
        on
            lines.earned_from <= months.recognised_to
            and lines.earned_to >= months.month_start

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
