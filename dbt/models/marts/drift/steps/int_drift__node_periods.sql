with sums as (

    select * from {{ ref('int_drift__node_sums') }}

),

periods as (

    select distinct
        grain,
        period_start
    from sums
    where node_level = 'company'

),

nodes as (

    select
        node_level,
        node_id,
        grain,
        min(period_start) as first_period_start
    from sums
    group by node_level, node_id, grain

),

-- a period in which nothing happened is a zero, not a gap
every_period as (

    select
        nodes.node_level,
        nodes.node_id,
        periods.grain,
        periods.period_start,
        coalesce(sums.opened_cents, 0) as opened_cents,
        coalesce(sums.bookings_cents, 0) as bookings_cents,
        sums.decided_count,
        sums.won_count,
        sums.won_cents,
        sums.won_days
    from nodes
    inner join periods
        on
            nodes.grain = periods.grain
            and nodes.first_period_start <= periods.period_start
    left join sums
        on
            nodes.node_level = sums.node_level
            and nodes.node_id = sums.node_id
            and periods.grain = sums.grain
            and periods.period_start = sums.period_start

),

final as (
{% for measure, value in [
    ('pipeline_created', 'cast(opened_cents as double)'),
    ('win_rate', ratio('won_count', 'decided_count')),
    ('sales_cycle', ratio('won_days', 'won_count')),
    ('deal_size', ratio('won_cents', 'won_count')),
] %}
        select
            '{{ measure }}' as measure,
            node_level,
            node_id,
            grain,
            period_start,
            {{ value }} as value
        from every_period

        union all
    {% endfor %}
    select
        'bookings' as measure,
        node_level,
        node_id,
        grain,
        period_start,
        cast(bookings_cents as double) as value
    from every_period
)

select * from final
where value is not null
