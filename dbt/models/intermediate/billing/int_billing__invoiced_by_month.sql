{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='account_id',
    meta={'changed': 'int_billing__accounts_changed'}
) }}

with lines as (

    select * from {{ ref('int_billing__lines_in_force') }}

),

days as (

    select * from {{ ref('stg_reference__fiscal_days') }}

),

final as (

    select
        lines.account_id,
        days.month_start,
        cast(sum(lines.amount_cents) as bigint) as invoiced_cents,
        cast(
            sum(case when lines.is_proration then lines.amount_cents else 0 end) as bigint
        ) as prorated_cents,
        cast(
            sum(case when lines.is_credit_note then lines.amount_cents else 0 end) as bigint
        ) as credited_cents
    from lines
    inner join days
        on lines.issued_on = days.date_day
    where {{ only_changed('int_billing__accounts_changed', 'account_id', 'lines') }}
    group by lines.account_id, days.month_start

)

select * from final
