with history as (

    select * from {{ ref('int_drift__bookings_history') }}

),

versions as (

    select distinct
        plan_version,
        effective_from
    from {{ ref('int_plan__months_in_force') }}

),

-- only what was known to be before the plan took force may say how wide chance is
before as (

    select
        versions.plan_version,
        history.*
    from history
    inner join versions
        on history.month_start < versions.effective_from

),

usable as (

    select *
    from before
    where months_before_count >= 6 and mean_before_cents > 0

),

-- growth and the month of the quarter, in one factor
factors as (

    select
        plan_version,
        node_level,
        node_id,
        month_of_quarter,
        {{ ratio('sum(bookings_cents)', 'sum(mean_before_cents)') }} as factor
    from usable
    group by plan_version, node_level, node_id, month_of_quarter

),

final as (

    select
        usable.plan_version,
        usable.node_level,
        usable.node_id,
        usable.month_start,
        usable.bookings_cents,
        usable.mean_before_cents * factors.factor as fitted_cents
    from usable
    inner join factors
        on
            usable.plan_version = factors.plan_version
            and usable.node_level = factors.node_level
            and usable.node_id = factors.node_id
            and usable.month_of_quarter = factors.month_of_quarter

)

select * from final
