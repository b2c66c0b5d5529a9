with known as (

    {{ as_known(ref('stg_crm__exchange_rates'), ['currency', 'started_on']) }}

),

final as (

    select
        currency,
        company_currency_per_unit,
        started_on,
        known_on
    from known

)

select * from final
