with weeks as (

    select
        *,
        {{ ratio('sum(actual) over year_of_node', 'sum(due) over year_of_node') }} as rate
    from {{ ref('int_drift__week_measures') }}
    where place < 0
    window year_of_node as (partition by metric, node_level, node_id, epoch_start)

),

-- a flow goes on from its last half-year, what has no growth from its last year
levels as (

    select
        metric,
        node_level,
        node_id,
        epoch_start,
        has_growth,
        max(counted_before) as counted_before,
        sum(case when place >= -26 or not has_growth then actual end) as seen,
        sum(case when place >= -26 or not has_growth then due end) as asked
    from weeks
    group by metric, node_level, node_id, epoch_start, has_growth

),

-- weeks one by one, and in blocks of four that may hang together
blocks as (
    {% for weeks_count in [1, 4] %}
        select
            metric,
            node_level,
            node_id,
            epoch_start,
            {{ weeks_count }} as weeks_count,
            sum(actual) as actual,
            sum(due * rate) as fitted
        from weeks
        group by
            metric, node_level, node_id, epoch_start,
            floor((place + 52) / {{ weeks_count }}.0)
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

-- Pearson's estimate of variance over mean
own as (

    select
        metric,
        node_level,
        node_id,
        epoch_start,
        weeks_count,
        coalesce(sum(
            case when fitted > 0 then power(actual - fitted, 2) / fitted end
        ), 0) / greatest(sum(case when fitted > 0 then 1 else 0 end) - 1, 1) as own_factor
    from blocks
    group by metric, node_level, node_id, epoch_start, weeks_count

),

-- a node's own counts twice, its level's once
pooled as (

    select
        *,
        (
            2 * own_factor
            + avg(own_factor) over (
                partition by metric, node_level, epoch_start, weeks_count
            )
        ) / 3 as factor
    from own

),

factors as (

    select
        metric,
        node_level,
        node_id,
        epoch_start,
        {{ widest('metric', 'max(factor)') }} as variance_factor,
        max(case when node_level = 'company' then {{ widest('metric', 'max(factor)') }} end)
            over (partition by metric) as company_factor
    from pooled
    group by metric, node_level, node_id, epoch_start

),

final as (

    select
        levels.metric,
        levels.node_level,
        levels.node_id,
        levels.epoch_start,
        coalesce({{ ratio('levels.seen', 'levels.asked') }}, 0) as level_value,
        factors.variance_factor,
        {{ pardoned_share(
            'levels.metric', 'levels.has_growth', 'factors.variance_factor',
            'levels.seen', 'factors.company_factor', 'levels.counted_before'
        ) }} as pardoned_share
    from levels
    inner join factors
        on
            levels.metric = factors.metric
            and levels.node_level = factors.node_level
            and levels.node_id = factors.node_id
            and levels.epoch_start = factors.epoch_start

)

select * from final
