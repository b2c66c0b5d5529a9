{%- set limit = ratio('52 * series.series_count', 'thresholds.false_alarms_per_year') -%}
{%- set is_short = 'evidence.history_weeks_count'
    ~ ' < 52 * greatest(thresholds.min_history_months, 12) / 12.0' -%}
with evidence as (

    select * from {{ ref('int_drift__week_evidence') }}

),

thresholds as (

    select * from {{ ref('stg_reference__thresholds') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

-- a node is two series, one for each direction, and they share the level's budget
series as (

    select
        metric,
        node_level,
        2 * count(distinct node_id) as series_count
    from evidence
    group by metric, node_level

),

judged as (

    select
        evidence.*,
        evidence.metric || ':' || evidence.node_level || ':' || evidence.node_id || ':'
        || evidence.direction as series_key,
        thresholds.false_alarms_per_year,
        {{ ratio('evidence.actual_to_date', 'evidence.expected_to_date') }} as to_date_share,
        {{ limit }} as limit_value,
        {{ is_short }} as is_silent,
        case
            when {{ is_short }} then false
            else coalesce(evidence.statistic >= {{ limit }}, false)
        end as is_alarm
    from evidence
    inner join thresholds
        on
            evidence.metric = thresholds.metric
            and evidence.node_level = thresholds.node_level
    inner join series
        on
            evidence.metric = series.metric
            and evidence.node_level = series.node_level

),

-- off no further than a node above it that alarms too, but for two deviations of chance
explained as (

    select distinct
        part.series_key,
        part.week_start
    from judged as part
    inner join judged as whole
        on
            part.metric = whole.metric
            and part.direction = whole.direction
            and part.week_start = whole.week_start
            and part.epoch_start = whole.epoch_start
            and {{ is_part_of('part', 'whole') }}
    where
        part.is_alarm
        and whole.is_alarm
        and case when part.direction = 'below' then -1 else 1 end
        * (part.actual_to_date - part.expected_to_date * whole.to_date_share)
        < 2 * sqrt(part.variance_factor * part.expected_to_date * whole.to_date_share)

),

final as (

    select
        judged.metric,
        judged.node_level,
        judged.node_id,
        judged.week_start,
        judged.direction,
        cast(judged.plan_version as bigint) as plan_version,
        judged.epoch_start as watched_from,
        judged.actual as actual_value,
        {{ stable_measure('judged.expected') }} as usual_value,
        judged.actual_to_date,
        {{ stable_measure('judged.expected_to_date') }} as usual_to_date,
        judged.score as z,
        judged.statistic,
        judged.limit_value,
        cast(judged.false_alarms_per_year as double) as false_alarms_per_year,
        judged.is_silent,
        judged.is_alarm,
        explained.series_key is not null as is_explained_by_parent,
        {{ watched_in_words('judged.metric') }} || ' since '
        || {{ as_text('judged.epoch_start') }} || ' are '
        || coalesce({{ as_percent('judged.to_date_share') }}, 'no share')
        || ' of usual' as cause,
        row_number() over (partition by judged.series_key order by judged.week_start desc) = 1
            as is_latest,
        run.as_of
    from judged
    cross join run
    left join explained
        on
            judged.series_key = explained.series_key
            and judged.week_start = explained.week_start

)

select * from final
