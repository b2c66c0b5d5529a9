with run as (

    select * from {{ ref('stg_reference__run') }}

),

last as (

    select * from {{ ref('stg_reference__last_build') }}

),

-- told anew, or told of before and begun since: a deal is worth the rate of its day
begun as (

    select
        rates.currency,
        rates.started_on
    from {{ ref('stg_crm__exchange_rates') }} as rates
    cross join run
    cross join last
    where {{ is_news('rates.known_on') }}

    union all

    select
        rates.currency,
        rates.started_on
    from {{ ref('int_crm__known_exchange_rates') }} as rates
    inner join run
        on rates.started_on <= run.data_through
    inner join last
        on rates.started_on > last.data_through

),

-- a rate holds from its start; the first one of a currency also for the time before
rates as (

    select
        currency,
        min(started_on) as started_on
    from begun
    group by currency

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
            -- a currency the policy forgot is planned at its newest rate, for all time
            when
                rates.started_on > first_rates.started_on
                and plan_rates.currency is not null
                then rates.started_on
            else {{ start_of_time() }}
        end as valid_from
    from rates
    left join first_rates
        on rates.currency = first_rates.currency
    left join {{ ref('stg_reference__plan_rates') }} as plan_rates
        on rates.currency = plan_rates.currency

),

final as (

    -- what the CRM told anew, also of deals that are gone
    select opportunity_id
    from {{ ref('int_crm__deals_told') }}

    union

    select deals.opportunity_id
    from {{ ref('int_crm__known_opportunities') }} as deals
    inner join {{ ref('int_crm__accounts_resegmented') }} as accounts
        on deals.account_id = accounts.account_id
    inner join run
        on accounts.changed_on = run.as_of

    union

    select deals.opportunity_id
    from {{ ref('int_crm__known_opportunities') }} as deals
    inner join rated_anew
        on
            {{ currency_code('deals.currency') }} = rated_anew.currency
            and coalesce(deals.close_date, {{ end_of_time() }}) >= rated_anew.valid_from

)

select * from final
