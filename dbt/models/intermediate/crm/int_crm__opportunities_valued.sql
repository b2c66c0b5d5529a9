{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={'changed': 'int_crm__deals_changed'}
) }}

with opportunities as (

    select * from {{ ref('int_crm__known_opportunities') }}
    where {{ only_changed(
        'int_crm__deals_changed', 'opportunity_id', within=ref('int_crm__known_opportunities')
    ) }}

),

dated_rates as (

    select * from {{ ref('int_currency__dated_rates') }}

),

plan_rates as (

    select * from {{ ref('int_currency__plan_rates') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

rated as (

    -- closed deals at the rate of their day, open ones at the newest
    select
        opportunities.*,
        coalesce(dated_rates.company_currency_per_unit, 1) as company_currency_per_unit,
        coalesce(plan_rates.company_currency_per_unit, 1) as plan_rate,
        case
            when
                coalesce({{ currency_code('opportunities.currency') }}, '')
                in ('', run.currency)
                then 'company'
            else coalesce(dated_rates.rate_source, 'none')
        end as rate_source
    from opportunities
    cross join run
    left join dated_rates
        on
            {{ currency_code('opportunities.currency') }} = dated_rates.currency
            and least(opportunities.close_date, run.data_through)
            between dated_rates.valid_from and dated_rates.valid_to
    left join plan_rates
        on {{ currency_code('opportunities.currency') }} = plan_rates.currency

),

final as (

    select
        opportunity_id,
        account_id,
        rep_id,
        product_id,
        booking_type,
        {{ exchanged('amount_cents', 'company_currency_per_unit') }} as amount_cents,
        amount_cents as amount_transaction_cents,
        {{ exchanged('amount_cents', 'plan_rate') }} as amount_plan_rate_cents,
        currency,
        company_currency_per_unit,
        rate_source,
        win_probability_share,
        stage,
        forecast_category,
        is_closed,
        is_won,
        close_date,
        created_on,
        known_on
    from rated

)

select * from final
