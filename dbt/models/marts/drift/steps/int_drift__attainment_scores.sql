with in_force as (

    select * from {{ ref('int_plan__months_in_force') }}
    where is_complete

),

planned as (

    select * from {{ ref('int_plan__planned_measures') }}
    where measure = 'bookings' and node_level not in ('product', 'segment_product')

),

bookings as (

    select * from {{ ref('int_plan__actual_bookings') }}

),

variances as (

    select * from {{ ref('int_drift__bookings_variance') }}

),

stretch as (

    select * from {{ ref('int_drift__plan_stretch') }}

),

months as (

    select
        planned.node_level,
        planned.node_id,
        planned.month_start,
        planned.plan_version,
        planned.plan_value,
        before.plan_value as plan_value_before,
        in_force.previous_plan_version,
        variances.variance_factor_cents,
        variances.mean_deal_cents,
        stretch.least_share,
        stretch.most_share,
        coalesce(variances.months_count, 0) as history_months_count,
        cast(coalesce(bookings.bookings_cents, 0) as double) as actual_value
    from in_force
    inner join planned
        on
            in_force.plan_version = planned.plan_version
            and in_force.month_start = planned.month_start
    left join stretch
        on in_force.plan_version = stretch.plan_version
    left join planned as before
        on
            in_force.previous_plan_version = before.plan_version
            and planned.node_level = before.node_level
            and planned.node_id = before.node_id
            and planned.month_start = before.month_start
    left join bookings
        on
            planned.node_level = bookings.node_level
            and planned.node_id = bookings.node_id
            and planned.month_start = bookings.month_start
    left join variances
        on
            planned.plan_version = variances.plan_version
            and planned.node_level = variances.node_level
            and planned.node_id = variances.node_id

),

scored as (

    select
        *,
        {% for share, name in [
            ('1', 'z'), ('least_share', 'below'), ('most_share', 'above')
        ] %}
            {{ gamma_normal_score(
                'actual_value', '(plan_value * ' ~ share ~ ')',
                '(variance_factor_cents * plan_value * ' ~ share ~ ')'
            ) }} as gamma_{{ name }},
            plan_value * {{ share }} / mean_deal_cents as {{ name }}_deals
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from months

),

final as (

    -- evidence starts anew where another version takes over with another figure
    select
        'attainment' as metric,
        node_level,
        node_id,
        month_start,
        plan_version,
        plan_value,
        actual_value,
        history_months_count,
        {{ stable(score_of_few_deals('gamma_z', 'z_deals')) }} as z,
        -- what a stretched plan lacks from the start is no news, nor is what it leaves
        {{ stable(score_of_few_deals('gamma_below', 'below_deals')) }} as z_below,
        {{ stable(score_of_few_deals('gamma_above', 'above_deals')) }} as z_above,
        case
            when previous_plan_version is null then 1
            when previous_plan_version = plan_version then 0
            when plan_value_before = plan_value then 0
            else 1
        end as is_restart
    from scored

)

select * from final
