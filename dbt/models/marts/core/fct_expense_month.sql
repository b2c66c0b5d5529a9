with expenses as (

    select * from {{ ref('int_finance__known_actuals') }}

),

rates as (

    select * from {{ ref('int_currency__dated_rates') }}

),

plan_rates as (

    select * from {{ ref('int_currency__plan_rates') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

final as (

    -- what was spent at the rate of its month, what was budgeted at the plan's
    select
        expenses.month_start,
        expenses.department,
        expenses.ledger_account,
        expenses.expense_type,
        {{ exchanged(
            'expenses.actual_cents', 'coalesce(rates.company_currency_per_unit, 1)'
        ) }} as actual_cents,
        {{ exchanged(
            'expenses.budget_cents', 'coalesce(plan_rates.company_currency_per_unit, 1)'
        ) }} as budget_cents,
        not months.is_complete as is_partial,
        months.as_of
    from expenses
    inner join months
        on expenses.month_start = months.month_start
    left join rates
        on
            {{ currency_code('expenses.currency') }} = rates.currency
            and expenses.month_start between rates.valid_from and rates.valid_to
    left join plan_rates
        on {{ currency_code('expenses.currency') }} = plan_rates.currency

)

select * from final
