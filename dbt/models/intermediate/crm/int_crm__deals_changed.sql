with run as (

    select * from {{ ref('stg_reference__run') }}

),

last as (

    select * from {{ ref('stg_reference__last_build') }}

),

deals as (

    select * from {{ ref('int_crm__known_opportunities') }}

),

-- a rate holds from its start; the first one of a currency also for the time before
rates as (

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

rated_anew as (

    select
        rates.currency,
        case
            when rates.started_on > first_rates.started_on then rates.started_on
            else {{ start_of_time() }}
        end as valid_from
    from rates
    left join first_rates
        on rates.currency = first_rates.currency

),

final as (

    -- what the CRM told anew, also of deals that are gone
    select opportunity_id
    from {{ ref('int_crm__deals_told') }}

    union

    -- open deals are a day older each night, and lose the last one
    select deals.opportunity_id
    from deals
    cross join last
    where
        not deals.is_closed
        or deals.is_closed is null
        or last.data_through is null
        or deals.close_date is null
        or deals.close_date >= last.data_through

    union

    select deals.opportunity_id
    from deals
    inner join {{ ref('int_crm__accounts_resegmented') }} as accounts
        on deals.account_id = accounts.account_id
    inner join run
        on accounts.changed_on = run.as_of

    union

    select deals.opportunity_id
    from deals
    inner join rated_anew
        on
            {{ currency_code('deals.currency') }} = rated_anew.currency
            and deals.close_date >= rated_anew.valid_from

)

select * from final
