with happenings as (

    select * from {{ ref('int_drift__happenings') }}

),

reps as (

    select
        rep_id,
        team
    from {{ ref('dim_rep') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

days as (

    select
        days.date_day,
        days.week_start,
        days.week_end <= run.data_through as is_week_complete,
        days.month_start,
        days.month_end <= run.data_through as is_month_complete
    from {{ ref('dim_fiscal_day') }} as days
    cross join run
    -- a year to be looked at, the year before it to be usual, and one to tell growth
    where days.date_day >= {{ add_months(-37, 'run.data_through') }}

),

dated as (

    select
        happenings.*,
        reps.team,
        'month' as grain,
        days.month_start as period_start
    from happenings
    inner join days
        on happenings.date_day = days.date_day
    left join reps
        on happenings.rep_id = reps.rep_id
    where days.is_month_complete

    union all

    select
        happenings.*,
        reps.team,
        'week' as grain,
        days.week_start as period_start
    from happenings
    inner join days
        on happenings.date_day = days.date_day
    left join reps
        on happenings.rep_id = reps.rep_id
    where days.is_week_complete

),

nodes as (
{% for level, node in [
    ('company', "'company'"),
    ('segment', 'segment_id'),
    ('region', 'region_id'),
    ('cell', "segment_id || '/' || region_id"),
    ('team', 'team'),
] %}
        select
            *,
            '{{ level }}' as node_level,
            {{ node }} as node_id
        from dated

        union all
    {% endfor %}
    select
        *,
        'rep' as node_level,
        rep_id as node_id
    from dated
),

final as (

    select
        node_level,
        node_id,
        grain,
        period_start,
        cast(sum(opened_count) as bigint) as opened_count,
        cast(sum(opened_cents) as bigint) as opened_cents,
        cast(sum(bookings_cents) as bigint) as bookings_cents,
        cast(sum(decided_count) as bigint) as decided_count,
        cast(sum(won_count) as bigint) as won_count,
        cast(sum(won_cents) as bigint) as won_cents,
        cast(sum(won_days) as bigint) as won_days
    from nodes
    where node_id is not null
    group by node_level, node_id, grain, period_start

)

select * from final
