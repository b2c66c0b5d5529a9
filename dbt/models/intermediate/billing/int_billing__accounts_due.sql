with accounts as (

    select account_id from {{ ref('int_billing__customer_accounts') }}
    union
    select account_id from {{ ref('int_billing__accounts_changed') }}

),

changed as (

    select * from {{ ref('int_billing__accounts_changed') }}

),

last as (

    select days.month_start
    from {{ ref('stg_reference__last_build') }} as last_build
    left join {{ ref('stg_reference__fiscal_days') }} as days
        on last_build.data_through = days.date_day

),

final as (

    -- the last day covered then was in a month that may have gone on since
    select
        accounts.account_id,
        case
            when changed.account_id is null
                then coalesce(last.month_start, {{ start_of_time() }})
            else {{ start_of_time() }}
        end as due_from
    from accounts
    cross join last
    left join changed
        on accounts.account_id = changed.account_id

)

select * from final
