with known as (

    {{ as_known(ref('stg_finance__actuals'), ['month_start', 'department', 'ledger_account']) }}

),

final as (

    select
        month_start,
        department,
        ledger_account,
        expense_type,
        actual_cents,
        budget_cents,
        currency,
        known_on
    from known

)

select * from final
