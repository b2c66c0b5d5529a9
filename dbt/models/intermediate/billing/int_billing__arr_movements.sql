{{ config(materialized='view') }}

with months as (

    select * from {{ ref('int_billing__arr_by_month') }}

),

final as (

    select
        account_id,
        month_start,
        opening_cents,
        closing_cents,
        year_ago_cents,
        closing_cents - opening_cents as amount_cents,
        case
            when closing_cents = opening_cents then null
            when opening_cents = 0 and was_customer then 'reactivation'
            when opening_cents = 0 then 'new'
            when closing_cents = 0 then 'churn'
            when closing_cents > opening_cents then 'expansion'
            else 'contraction'
        end as movement
    from months

)

select * from final
