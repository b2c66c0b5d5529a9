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
        deals.node_level,
        deals.node_id,
        {{ ratio('deals.base_won_count', 'deals.base_decided_count') }} as plan_win_rate,
        {{ ratio('deals.won_count', 'deals.decided_count') }} as actual_win_rate,
        {{ ratio('deals.base_won_cents', 'deals.base_won_count') }} as plan_deal_cents,
        {{ ratio('windows.actual_cents', 'deals.won_count') }} as actual_deal_cents
    from {{ ref('int_drift__deals') }} as deals
    inner join windows
        on
            deals.node_level = windows.node_level
            and deals.node_id = windows.node_id
    where deals.won_count > 0 and deals.base_won_cents > 0

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

    select
        node_level,
        node_id,
        'win_rate' as cause,
        plan_win_rate as plan_factor,
        actual_win_rate as actual_factor
    from deals

    union all

    select
        node_level,
        node_id,
        'deal_size' as cause,
        plan_deal_cents as plan_factor,
        actual_deal_cents as actual_factor
    from deals

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
