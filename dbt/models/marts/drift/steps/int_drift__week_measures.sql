with epochs as (

    select * from {{ ref('int_drift__week_epochs') }}

),

season as (

    select * from {{ ref('int_drift__week_season') }}

),

sums as (

    select * from {{ ref('int_drift__node_sums') }}
    where grain = 'week'

),

-- a week in which nothing happened is a zero, not a gap
weeks as (

    select
        epochs.node_level,
        epochs.node_id,
        epochs.plan_version,
        epochs.epoch_start,
        epochs.history_weeks_count,
        season.week_start,
        season.place,
        season.usual,
        season.has_growth,
        season.counted_before,
        cast(coalesce(sums.opened_count, 0) as double) as opened_count,
        cast(coalesce(sums.decided_count, 0) as double) as decided_count,
        cast(coalesce(sums.won_count, 0) as double) as won_count,
        cast(coalesce(sums.won_cents, 0) as double) as won_cents
    from epochs
    inner join season
        on
            epochs.epoch_start = season.epoch_start
            and epochs.last_week_start >= season.week_start
    left join sums
        on
            epochs.node_level = sums.node_level
            and epochs.node_id = sums.node_id
            and season.week_start = sums.period_start

),

final as (
{% for metric, actual, due in [
    ('pipeline_created', 'opened_count', 'usual'),
    ('win_rate', 'won_count', 'decided_count'),
    ('deal_size', 'won_cents', 'won_count'),
] %}
        select
            '{{ metric }}' as metric,
            node_level,
            node_id,
            plan_version,
            epoch_start,
            history_weeks_count,
            week_start,
            place,
            {{ 'has_growth' if due == 'usual' else 'false' }} as has_growth,
            counted_before,
            {{ actual }} as actual,
            {{ due }} as due
        from weeks
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
)

select * from final
