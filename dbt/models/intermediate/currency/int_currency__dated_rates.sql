with rates as (

    select * from {{ ref('int_crm__known_exchange_rates') }}

),

plan_rates as (

    select * from {{ ref('stg_reference__plan_rates') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

in_order as (

    select
        rates.currency,
        rates.company_currency_per_unit,
        rates.started_on,
        row_number() over (
            partition by rates.currency order by rates.started_on
        ) as place,
        lead(rates.started_on) over (
            partition by rates.currency order by rates.started_on
        ) as next_started_on
    from rates
    inner join run
        on rates.currency <> run.currency

),

-- the first rate known also holds for the time before it
dated as (

    select
        currency,
        case when place = 1 then {{ start_of_time() }} else started_on end as valid_from,
        coalesce({{ add_days(-1, 'next_started_on') }}, {{ end_of_time() }}) as valid_to,
        company_currency_per_unit,
        'dated' as rate_source
    from in_order

),

-- where the CRM keeps no rate, the plan's stands in
final as (

    select * from dated

    union all

    select
        plan_rates.currency,
        {{ start_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to,
        plan_rates.company_currency_per_unit,
        'plan' as rate_source
    from plan_rates
    inner join run
        on plan_rates.currency <> run.currency
    left join rates
        on plan_rates.currency = rates.currency
    where rates.currency is null

)

select * from final
