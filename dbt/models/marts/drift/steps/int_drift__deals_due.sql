with windows as (

    select * from {{ ref('int_drift__windows') }}

),

kinds as (

    select booking_type
    from {{ ref('fct_bookings') }}
    where is_in_plan

),

-- days on which an open deal was said to close, and since when it was said
promised as (

    select
        opportunity_id,
        close_date as promised_on,
        min(valid_from) as said_on
    from {{ ref('fct_opportunity_history') }}
    where not is_closed and close_date is not null
    group by opportunity_id, close_date

),

lost_customers as (

    select * from {{ ref('fct_arr_movement') }}
    where movement = 'churn'

),

periods as (
{% for period, begins, ends in [
    ('window', 'first_month_start', add_months(1, 'last_month_start')),
    ('year_before', 'base_month_start', add_months(-11, 'last_month_start')),
    ('base', 'base_month_start', 'first_month_start'),
] %}
        select
            node_level,
            node_id,
            '{{ period }}' as period,
            {{ begins }} as begins_on,
            {{ ends }} as ends_on
        from windows

        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- decided in the period, or said in it to be and then put off
due as (

    select
        periods.node_level,
        periods.node_id,
        periods.period,
        opportunities.opportunity_id,
        max(case
            when not opportunities.is_closed or periods.ends_on <= opportunities.close_date
                then 'put_off'
            when opportunities.is_won then 'won'
            else 'lost'
        end) as outcome,
        max(promised.said_on) is not null as is_promised,
        max(lost_customers.month_start) as customer_left_on
    from periods
    inner join {{ ref('fct_opportunity') }} as opportunities
        on
            (not opportunities.is_closed or periods.begins_on <= opportunities.close_date)
            and {{ belongs_to_node('opportunities', 'periods') }}
    left join promised
        on
            opportunities.opportunity_id = promised.opportunity_id
            and periods.begins_on <= promised.promised_on
            and periods.ends_on > promised.promised_on
            and periods.ends_on > promised.said_on
    left join lost_customers
        on
            opportunities.account_id = lost_customers.account_id
            and lost_customers.month_start >= periods.begins_on
            and lost_customers.month_start < periods.ends_on
    where
        opportunities.booking_type in (select kinds.booking_type from kinds)
        and (
            promised.promised_on is not null
            or (opportunities.is_closed and opportunities.close_date < periods.ends_on)
        )
    group by
        periods.node_level, periods.node_id, periods.period, opportunities.opportunity_id

),

final as (

    select
        due.node_level,
        due.node_id,
        due.period,
        due.opportunity_id,
        due.outcome,
        due.is_promised,
        due.outcome = 'lost' and due.customer_left_on is not null as is_lost_with_customer,
        opportunities.amount_cents,
        opportunities.segment_id || '/' || opportunities.booking_type || '/'
        || coalesce(opportunities.product_id, '') as mix_kind
    from due
    inner join {{ ref('fct_opportunity') }} as opportunities
        on due.opportunity_id = opportunities.opportunity_id

)

select * from final
