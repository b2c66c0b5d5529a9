with run as (

    select * from {{ ref('stg_reference__run') }}

),

last as (

    select * from {{ ref('stg_reference__last_build') }}

),

told as (

    select
        rates.currency,
        min(rates.started_on) as started_on
    from {{ ref('stg_crm__exchange_rates') }} as rates
    cross join run
    cross join last
    where {{ is_news('rates.known_on') }}
    group by rates.currency

),

first_rates as (

    select
        currency,
        min(started_on) as started_on
    from {{ ref('int_crm__known_exchange_rates') }}
    group by currency

),

-- a rate holds from its start; the first one of a currency also for the time before
final as (

    select
        told.currency,
        case
            when told.started_on > first_rates.started_on then told.started_on
            else {{ start_of_time() }}
        end as valid_from
    from told
    left join first_rates
        on told.currency = first_rates.currency

)

select * from final
