{{ config(
    materialized='incremental',
    incremental_strategy='replace_due',
    unique_key='account_id',
    meta={'due': 'int_billing__accounts_due'}
) }}

with due as (

    select * from {{ ref('int_billing__accounts_due') }}

),

months as (

    select * from {{ ref('int_policy__months') }}
    where has_begun

),

closings as (

    select
        account_id,
        month_start,
        closing_cents,
        false as was_customer
    from {{ ref('int_billing__arr_measured') }}
    {%- if is_incremental() %}

        union all

        -- the year before says all there is to know of the months that rest
        select
            rests.account_id,
            rests.month_start,
            rests.closing_cents,
            rests.was_customer
        from {{ this }} as rests
        inner join due
            on rests.account_id = due.account_id
        where
            rests.month_start < due.due_from
            and rests.month_start >= (
                select {{ add_months(-12, 'max(latest.due_from)') }} from due as latest
            )
    {%- endif %}

),

first_months as (

    select
        account_id,
        min(month_start) as first_month_start,
        min(case when closing_cents > 0 or was_customer then month_start end)
            as first_paid_month_start
    from closings
    group by account_id

),

account_months as (

    select
        first_months.account_id,
        months.month_start,
        coalesce(first_months.first_paid_month_start < months.month_start, false)
            as was_customer
    from first_months
    inner join due
        on first_months.account_id = due.account_id
    inner join months
        on greatest(first_months.first_month_start, due.due_from) <= months.month_start

),

-- every month from the first, so that a month without service is a zero; looked up
-- rather than told by a window: the table need not be sorted for it
final as (

    select
        account_months.account_id,
        account_months.month_start,
        {% for part in ['opening', 'closing', 'year_ago'] -%}
            coalesce({{ part }}.closing_cents, 0) as {{ part }}_cents,
        {% endfor -%}
        account_months.was_customer
    from account_months
    {% for part, months in [('opening', -1), ('closing', 0), ('year_ago', -12)] -%}
        left join closings as {{ part }}
            on
                account_months.account_id = {{ part }}.account_id
                and {{ add_months(months, 'account_months.month_start') }}
                = {{ part }}.month_start
    {% endfor %}

)

select * from final
