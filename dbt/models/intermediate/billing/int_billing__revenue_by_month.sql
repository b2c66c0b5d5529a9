{{ config(materialized='view') }}

with invoiced as (

    select invoiced.*
    from {{ ref('int_billing__invoiced_by_month') }} as invoiced
    inner join {{ ref('int_billing__accounts_due') }} as due
        on
            invoiced.account_id = due.account_id
            and invoiced.month_start >= due.due_from

),

recognised as (

    select * from {{ ref('int_billing__revenue_by_line') }}

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

final as (

    select
        account_id,
        month_start,
        cast(sum(invoiced_cents) as bigint) as invoiced_cents,
        cast(sum(recognised_cents) as bigint) as recognised_cents
    from parts
    group by account_id, month_start

)

select * from final
