with customers as (

    select * from {{ ref('int_billing__customers_relinked') }}

),

changed as (

    select customers.*
    from customers
    inner join {{ ref('stg_reference__run') }} as run
        on customers.changed_on = run.as_of

    union all

    select customers.*
    from customers
    inner join {{ ref('int_billing__customers_told') }} as told
        on customers.customer_id = told.customer_id

),

-- where a customer was, its rows still are
final as (

    select account_id
    from changed
    where account_id is not null

    union

    select previous_account_id as account_id
    from changed
    where previous_account_id is not null

)

select * from final
