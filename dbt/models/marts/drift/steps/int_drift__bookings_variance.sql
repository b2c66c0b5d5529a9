with history as (

    select * from {{ ref('int_drift__bookings_history') }}

),

versions as (

    select distinct
        plan_version,
        effective_from
    from {{ ref('int_plan__months_in_force') }}

),

fitted as (

    select * from {{ ref('int_drift__bookings_fitted') }}

),

lengths as (

    select
        versions.plan_version,
        history.node_level,
        history.node_id,
        count(*) as months_count,
        {{ ratio(
            'sum(history.bookings_cents)', 'sum(history.deals_count)'
        ) }} as mean_deal_cents
    from history
    inner join versions
        on history.month_start < versions.effective_from
    group by versions.plan_version, history.node_level, history.node_id

),

-- Pearson's estimate of variance over mean; three factors were fitted
own as (

    select
        plan_version,
        node_level,
        node_id,
        count(*) as fitted_months_count,
        case
            when count(*) > 3
                then
                    sum(power(bookings_cents - fitted_cents, 2) / fitted_cents)
                    / (count(*) - 3)
        end as own_factor_cents
    from fitted
    where fitted_cents > 0
    group by plan_version, node_level, node_id

),

levels as (

    select
        plan_version,
        node_level,
        {{ ratio(
            'sum(own_factor_cents * fitted_months_count)', 'sum(fitted_months_count)'
        ) }} as level_factor_cents
    from own
    where own_factor_cents is not null
    group by plan_version, node_level

),

final as (

    -- a node's own history counts as its months, its level as twelve more
    select
        lengths.plan_version,
        lengths.node_level,
        lengths.node_id,
        lengths.months_count,
        lengths.mean_deal_cents,
        {{ stable(
            'coalesce((own.own_factor_cents * own.fitted_months_count'
            ~ ' + levels.level_factor_cents * 12) / (own.fitted_months_count + 12),'
            ~ ' levels.level_factor_cents)'
        ) }} as variance_factor_cents
    from lengths
    left join own
        on
            lengths.plan_version = own.plan_version
            and lengths.node_level = own.node_level
            and lengths.node_id = own.node_id
    left join levels
        on
            lengths.plan_version = levels.plan_version
            and lengths.node_level = levels.node_level

)

select * from final
