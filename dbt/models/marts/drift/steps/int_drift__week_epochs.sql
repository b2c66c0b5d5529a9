with starts as (

    select * from {{ ref('int_drift__week_starts') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

weeks as (

    select distinct days.week_start
    from {{ ref('dim_fiscal_day') }} as days
    cross join run
    where days.week_end <= run.data_through

),

-- every week belongs to the last start before it
belonging as (

    select
        starts.*,
        weeks.week_start,
        row_number() over (
            partition by starts.node_level, starts.node_id, weeks.week_start
            order by starts.month_start desc
        ) as place
    from starts
    inner join weeks
        on starts.month_start <= weeks.week_start

),

-- what is usual is learned anew after a year, too
numbered as (

    select
        *,
        {{ days_between(
            'min(week_start) over (partition by node_level, node_id, month_start)',
            'week_start'
        ) }} / 364 as years
    from belonging
    where place = 1

),

epochs as (

    select
        node_level,
        node_id,
        max(plan_version) as plan_version,
        min(week_start) as epoch_start,
        max(week_start) as last_week_start,
        min(first_week_start) as first_week_start,
        min(company_first_week_start) as company_first_week_start
    from numbered
    group by node_level, node_id, month_start, floor(years)

),

final as (

    select
        epochs.node_level,
        epochs.node_id,
        epochs.plan_version,
        epochs.epoch_start,
        epochs.last_week_start,
        {{ days_between('epochs.first_week_start', 'epochs.epoch_start') }} / 7
            as history_weeks_count,
        {{ days_between('epochs.company_first_week_start', 'epochs.epoch_start') }} / 7
        >= 104 as has_growth
    from epochs
    cross join run
    -- an older one has lost the weeks that it was judged by
    where epochs.epoch_start > {{ add_days(-371, 'run.data_through') }}

)

select * from final
