{% set flat = 'placed.opened_count / power(years.growth, placed.place / 52.0)' -%}
with starts as (

    select
        epoch_start,
        has_growth,
        max(last_week_start) as last_week_start
    from {{ ref('int_drift__week_epochs') }}
    group by epoch_start, has_growth

),

company as (

    select * from {{ ref('int_drift__node_sums') }}
    where grain = 'week' and node_level = 'company'

),

weeks as (

    select distinct week_start
    from {{ ref('dim_fiscal_day') }}

),

-- two years before, and the weeks since
placed as (

    select
        starts.epoch_start,
        starts.has_growth,
        weeks.week_start,
        {{ days_between('starts.epoch_start', 'weeks.week_start') }} / 7 as place,
        coalesce(company.opened_count, 0) as opened_count
    from starts
    inner join weeks
        on
            {{ add_days(-728, 'starts.epoch_start') }} <= weeks.week_start
            and starts.last_week_start >= weeks.week_start
    left join company
        on weeks.week_start = company.period_start

),

years as (

    select
        epoch_start,
        {{ ratio(
            'greatest(sum(case when place between -52 and -1 then opened_count end), 1)',
            'greatest(sum(case when place < -52 then opened_count end), 1)'
        ) }} as growth,
        sum(case when place < 0 then opened_count end) as counted
    from placed
    where has_growth
    group by epoch_start

),

-- each week of the two years beside its year, growth taken out, also smoothed
off_years as (

    select
        placed.epoch_start,
        placed.place,
        {{ ratio(flat, 'avg(' ~ flat ~ ') over year_of_weeks') }} - 1 as own_off,
        {{ ratio(
            'coalesce((lag(' ~ flat ~ ') over weeks_in_order + 2 * ' ~ flat
            ~ ' + lead(' ~ flat ~ ') over weeks_in_order) / 4, ' ~ flat ~ ')',
            'avg(' ~ flat ~ ') over year_of_weeks'
        ) }} - 1 as smooth_off
    from placed
    inner join years
        on placed.epoch_start = years.epoch_start
    where placed.place < 0
    window
        weeks_in_order as (partition by placed.epoch_start order by placed.place),
        year_of_weeks as (partition by placed.epoch_start, placed.place < -52)

),

-- as far as the year before foretold the last one
slopes as (

    select
        own.epoch_start,
        least(greatest(coalesce({{ ratio(
            'sum(own.own_off * earlier.smooth_off)', 'sum(power(earlier.smooth_off, 2))'
        ) }}, 0), 0), 1) as slope
    from off_years as own
    inner join off_years as earlier
        on own.epoch_start = earlier.epoch_start and own.place - 52 = earlier.place
    group by own.epoch_start

),

final as (

    select
        placed.epoch_start,
        placed.week_start,
        placed.place,
        placed.has_growth,
        years.counted as counted_before,
        coalesce(
            power(years.growth, placed.place / 52.0)
            * (1 + slopes.slope * coalesce(earlier.smooth_off, 0)), 1
        ) as usual
    from placed
    left join years on placed.epoch_start = years.epoch_start
    left join slopes on placed.epoch_start = slopes.epoch_start
    left join off_years as earlier
        on placed.epoch_start = earlier.epoch_start and placed.place - 52 = earlier.place
    where placed.place >= -52

)

select * from final
