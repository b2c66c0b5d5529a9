with source as (

    select * from {{ source('finance', 'actuals') }}

),

renamed as (

    select
        -- ids
        department,
        account as ledger_account,

        -- states
        expense_type,

        -- amounts
        {{ to_cents('actual') }} as actual_cents,
        {{ to_cents('budget') }} as budget_cents,
        currency,

        -- dates
        month_start,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
