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

-- a bill for less than ten months of service is one part of a year's contract
final as (

    select
        lines.account_id,
        min(case when lines.service_days between 2 and 300 then days.month_start end)
            as first_part_month_start,
        max(case when lines.service_days between 2 and 300 then days.month_start end)
            as last_part_month_start,
        min(case when lines.is_linked then 1 else 0 end) = 1 as is_linked
    from lines
    inner join days
        on lines.issued_on = days.date_day
    where
        not lines.is_credit_note
        and {{ only_changed('int_billing__accounts_changed', 'account_id', 'lines') }}
    group by lines.account_id

)

select * from final
