with versions as (

    select * from {{ ref('stg_billing__subscription_items') }}

),

terms as (

    select * from {{ ref('int_billing__subscription_terms') }}

),

plan_rates as (

    select * from {{ ref('int_currency__plan_rates') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

in_order as (

    select
        versions.*,
        row_number() over (
            partition by versions.item_id order by versions.known_on
        ) as place,
        lead(versions.known_on) over (
            partition by versions.item_id order by versions.known_on
        ) as next_known_on
    from versions
    inner join run
        on versions.known_on <= run.as_of

),

-- billing keeps no dates for items: an item that came with its subscription began
-- with it, any later version on the night we learned of it
bounded as (

    select
        in_order.item_id,
        in_order.subscription_id,
        in_order.product_id,
        terms.account_id,
        case
            when in_order.place = 1 and in_order.known_on <= terms.first_known_on
                then terms.started_on
            else greatest(in_order.known_on, terms.started_on)
        end as valid_from,
        {{ add_days(-1, 'least(in_order.next_known_on, terms.ended_on)') }} as valid_to,
        -- at one rate for all time, so that a rate that moves is no expansion; an item
        -- without a quantity, a price or an interval is worth nothing yet
        cast(
            coalesce(
                round(
                    in_order.quantity
                    * in_order.unit_amount_cents
                    * 12
                    / in_order.interval_months
                    * coalesce(plan_rates.company_currency_per_unit, 1)
                ),
                0
            ) as bigint
        ) as arr_cents
    from in_order
    inner join terms
        on in_order.subscription_id = terms.subscription_id
    left join plan_rates
        on {{ currency_code('terms.currency') }} = plan_rates.currency
    where not in_order.is_deleted

),

final as (

    select *
    from bounded
    where valid_to is null or valid_to >= valid_from

)

select * from final
