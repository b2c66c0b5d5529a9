with scores as (

    select * from {{ ref('int_drift__attainment_scores') }}

    union all

    select * from {{ ref('int_drift__heads_scores') }}

),

epochs as (

    select
        *,
        sum(is_restart) over (
            partition by metric, node_level, node_id
            order by month_start
            rows between unbounded preceding and current row
        ) as epoch
    from scores

),

running as (

    select
        metric,
        node_level,
        node_id,
        epoch,
        month_start,
        row_number() over months as place,
        {{ bounded_score('z_below') }} as below,
        sum({{ bounded_score('z_below') }}) over months as below_to_date,
        {{ bounded_score('z_above') }} as above,
        sum({{ bounded_score('z_above') }}) over months as above_to_date
    from epochs
    window months as (
        partition by metric, node_level, node_id, epoch
        order by month_start
        rows between unbounded preceding and current row
    )

),

-- a shift may have begun in any month of the epoch: one term for each
terms as (

    select
        later.metric,
        later.node_level,
        later.node_id,
        later.month_start,
        later.below_to_date - earlier.below_to_date + earlier.below as below_since,
        later.above_to_date - earlier.above_to_date + earlier.above as above_since,
        later.place - earlier.place + 1 as months_since
    from running as later
    inner join running as earlier
        on
            later.metric = earlier.metric
            and later.node_level = earlier.node_level
            and later.node_id = earlier.node_id
            and later.epoch = earlier.epoch
            and later.place >= earlier.place

),

statistics as (

    select
        metric,
        node_level,
        node_id,
        month_start,
        {{ stable('sum(' ~ shift_evidence('(-below_since)', 'months_since') ~ ')') }}
            as below_statistic,
        {{ stable('sum(' ~ shift_evidence('above_since', 'months_since') ~ ')') }}
            as above_statistic
    from terms
    group by metric, node_level, node_id, month_start

),

final as (

    select
        epochs.metric,
        epochs.node_level,
        epochs.node_id,
        epochs.month_start,
        epochs.epoch,
        epochs.plan_version,
        epochs.plan_value,
        epochs.actual_value,
        epochs.history_months_count,
        {{ stable('epochs.z') }} as z,
        statistics.below_statistic,
        statistics.above_statistic,
        {{ stable(
            'sum(epochs.plan_value) over (partition by epochs.metric, epochs.node_level,'
            ~ ' epochs.node_id, epochs.epoch order by epochs.month_start'
            ~ ' rows between unbounded preceding and current row)'
        ) }} as plan_to_date,
        {{ stable(
            'sum(epochs.actual_value) over (partition by epochs.metric, epochs.node_level,'
            ~ ' epochs.node_id, epochs.epoch order by epochs.month_start'
            ~ ' rows between unbounded preceding and current row)'
        ) }} as actual_to_date
    from epochs
    inner join statistics
        on
            epochs.metric = statistics.metric
            and epochs.node_level = statistics.node_level
            and epochs.node_id = statistics.node_id
            and epochs.month_start = statistics.month_start

)

select * from final
