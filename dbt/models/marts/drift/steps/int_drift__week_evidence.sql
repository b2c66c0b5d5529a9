{% set strengths = ['0.2', '0.4', '0.8', '1.4'] -%}
with weeks as (

    select * from {{ ref('int_drift__week_measures') }}
    where place >= 0

),

usual as (

    select * from {{ ref('int_drift__week_usual') }}

),

expected as (

    select
        weeks.*,
        usual.variance_factor,
        usual.level_value * weeks.due as expected,
        usual.level_value * weeks.due * (1 - usual.pardoned_share) as least_expected,
        usual.level_value * weeks.due / (1 - usual.pardoned_share) as most_expected
    from weeks
    inner join usual
        on
            weeks.metric = usual.metric
            and weeks.node_level = usual.node_level
            and weeks.node_id = usual.node_id
            and weeks.epoch_start = usual.epoch_start

),

-- counted positive in the direction of the shift
directed as (

    select
        *,
        'below' as direction,
        -- that an empty week of so few deals is rare is no evidence of a shortfall
        0 - {{ week_score(score_of_few_deals(
            gamma_normal_score(
                'actual', 'least_expected', '(variance_factor * least_expected)'
            ),
            '(least_expected / greatest(variance_factor, 1))'
        )) }} as score
    from expected

    union all

    select
        *,
        'above' as direction,
        {{ week_score(gamma_normal_score(
            'actual', 'most_expected', '(variance_factor * most_expected)'
        )) }} as score
    from expected

),

summed as (

    select
        *,
        sum(score) over to_date as score_to_date,
        sum(actual) over to_date as actual_to_date,
        sum(expected) over to_date as expected_to_date
    from directed
    window to_date as (
        partition by metric, node_level, node_id, epoch_start, direction
        order by week_start
        rows between unbounded preceding and current row
    )

),

-- R = (R + 1) exp(l z - l^2 / 2) is exp(l S - n l^2 / 2) times a sum over earlier weeks
started as (

    select
        *,
        {% for strength in strengths %}
            sum(
                exp(
                    {{ strength }} * sqrt(12 / 52.0) * (score - score_to_date)
                    + place * power({{ strength }}, 2) * 12 / 104.0
                )
            ) over to_date as sum_{{ loop.index }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from summed
    window to_date as (
        partition by metric, node_level, node_id, epoch_start, direction
        order by week_start
        rows between unbounded preceding and current row
    )

),

final as (

    select
        metric,
        node_level,
        node_id,
        epoch_start,
        week_start,
        direction,
        plan_version,
        history_weeks_count,
        variance_factor,
        actual,
        expected,
        actual_to_date,
        expected_to_date,
        {{ stable('score') }} as score,
        {{ stable_measure(week_evidence(strengths)) }} as statistic
    from started

)

select * from final
