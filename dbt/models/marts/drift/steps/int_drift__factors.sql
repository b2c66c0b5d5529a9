with windows as (

    select * from {{ ref('int_drift__windows') }}
    where plan_cents > 0 and actual_cents > 0

),

capacity as (

    select
        capacity.node_level,
        capacity.node_id,
        capacity.plan_heads,
        capacity.actual_heads,
        {{ ratio('capacity.plan_ramped_heads', 'capacity.plan_heads') }} as plan_ramp,
        {{ ratio('capacity.actual_ramped_heads', 'capacity.actual_heads') }} as actual_ramp
    from {{ ref('int_drift__capacity_held') }} as capacity
    inner join windows
        on
            capacity.node_level = windows.node_level
            and capacity.node_id = windows.node_id
    where capacity.plan_ramped_heads > 0 and capacity.actual_ramped_heads > 0

),

deals as (

    select
        deals.*,
        windows.actual_cents,
        -- whoever was told no days beforehand cannot say what was put off
        2 * deals.year_before_promised_count > deals.year_before_decided_count
        and 2 * deals.promised_count > deals.decided_count as are_days_known,
        deals.decided_count - deals.lost_with_customer_count as kept_count,
        deals.base_decided_count - deals.base_lost_with_customer_count as base_kept_count
    from {{ ref('int_drift__deals') }} as deals
    inner join windows
        on
            deals.node_level = windows.node_level
            and deals.node_id = windows.node_id
    where
        deals.won_count > 0
        and deals.base_won_cents > 0
        and deals.usual_won_cents > 0

),

factors as (

    select
        node_level,
        node_id,
        'headcount' as cause,
        plan_heads as plan_factor,
        actual_heads as actual_factor
    from capacity

    union all

    select
        node_level,
        node_id,
        'ramp' as cause,
        plan_ramp as plan_factor,
        actual_ramp as actual_factor
    from capacity

    union all

    -- each begins where the one before it ends, so together they are bookings a deal due
{% for cause, planned, came, is_known in [
    ('timing', ['year_before_decided_count', 'year_before_due_count'],
        ['decided_count', 'due_count'], 'are_days_known'),
    ('churn', ['base_kept_count', 'base_decided_count'], ['kept_count', 'decided_count'], 'true'),
    ('win_rate', ['base_won_count', 'base_kept_count'], ['won_count', 'kept_count'], 'true'),
    ('mix', ['base_won_cents', 'base_won_count'], ['usual_won_cents', 'won_count'], 'true'),
    ('deal_size', ['usual_won_cents', 'won_count'], ['actual_cents', 'won_count'], 'true'),
] %}
        select
            node_level,
            node_id,
            '{{ cause }}' as cause,
            {{ ratio(planned[0], planned[1]) }} as plan_factor,
            {{ ratio(came[0], came[1]) }} as actual_factor
        from deals
        where {{ is_known }}

        {% if not loop.last %}
            union all

        {% endif %}
    {% endfor %}
),

final as (

    select
        node_level,
        node_id,
        cause,
        {{ stable('plan_factor') }} as plan_factor,
        {{ stable('actual_factor') }} as actual_factor
    from factors

)

select * from final
