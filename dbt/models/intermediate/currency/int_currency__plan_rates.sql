with dated as (

    select * from {{ ref('int_currency__dated_rates') }}

),

plan_rates as (

    select * from {{ ref('stg_reference__plan_rates') }}

),

-- a currency the policy forgot keeps its newest rate, the same for every month
final as (

    select
        dated.currency,
        coalesce(
            plan_rates.company_currency_per_unit, dated.company_currency_per_unit
        ) as company_currency_per_unit,
        plan_rates.currency is not null as is_in_policy
    from dated
    left join plan_rates
        on dated.currency = plan_rates.currency
    where dated.valid_to = {{ end_of_time() }}

)

select * from final
