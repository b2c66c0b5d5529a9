{{ config(
    materialized='incremental',
    incremental_strategy='replace_due',
    unique_key='account_id',
    meta={'due': 'int_billing__accounts_due'}
) }}

with movements as (

    select movements.*
    from {{ ref('int_billing__arr_movements') }} as movements
    inner join {{ ref('int_billing__accounts_due') }} as due
        on
            movements.account_id = due.account_id
            and movements.month_start >= due.due_from

),

months as (

    select * from {{ ref('int_policy__months') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        movements.account_id,
        movements.month_start,
        movements.opening_cents,
        {% for kind in ['new', 'expansion', 'reactivation', 'contraction', 'churn'] -%}
            case
                when movements.movement = '{{ kind }}' then movements.amount_cents else 0
            end as {{ kind }}_cents,
        {% endfor -%}
        movements.closing_cents,
        months.data_through <= months.month_end as is_latest,
        not months.is_complete as is_partial,
        run.as_of
    from movements
    inner join months
        on movements.month_start = months.month_start
    cross join run

)

select * from final
