with history as (

    select * from {{ ref('int_drift__bookings_history') }}
    where node_level = 'company'

),

versions as (

    select distinct
        plan_version,
        effective_from
    from {{ ref('int_plan__months_in_force') }}

),

planned as (

    select * from {{ ref('int_plan__planned_measures') }}
    where measure = 'bookings' and node_level = 'company'

),

-- each planned month beside the same one of the two years before
months as (

    select
        versions.plan_version,
        planned.plan_value,
        last_year.bookings_cents as last_year_cents,
        year_before.bookings_cents as year_before_cents
    from versions
    inner join planned
        on
            versions.plan_version = planned.plan_version
            and versions.effective_from <= planned.month_start
    left join history as last_year
        on
            {{ add_months(-12, 'planned.month_start') }} = last_year.month_start
            and versions.effective_from > last_year.month_start
    left join history as year_before
        on {{ add_months(-24, 'planned.month_start') }} = year_before.month_start

),

sums as (

    select
        plan_version,
        count(*) as months_count,
        count(last_year_cents) as last_year_months_count,
        count(year_before_cents) as year_before_months_count,
        sum(plan_value) as plan_value,
        sum(last_year_cents) as last_year_cents,
        sum(year_before_cents) as year_before_cents
    from months
    group by plan_version

),

carried as (

    select
        plan_version,
        case
            when months_count = last_year_months_count and last_year_cents > 0
                then {{ ratio(
                    'last_year_cents * case'
                    ~ ' when months_count = year_before_months_count'
                    ~ ' and year_before_cents > 0'
                    ~ ' then 1.0 * last_year_cents / year_before_cents else 1.0 end',
                    'plan_value'
                ) }}
        end as carried_share
    from sums

),

final as (

    select
        versions.plan_version,
        {{ stable(
            'least(greatest(coalesce(carried.carried_share, 1), '
            ~ most_stretch() ~ '), 1)'
        ) }} as least_share,
        {{ stable(
            'greatest(least(coalesce(carried.carried_share, 1), 1 / '
            ~ most_stretch() ~ '), 1)'
        ) }} as most_share
    from versions
    left join carried
        on versions.plan_version = carried.plan_version

)

select * from final
