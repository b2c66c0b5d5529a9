with heads as (

    select * from {{ ref('fct_headcount_month') }}
    where not is_partial

),

retention as (

    select * from {{ ref('fct_retention_month') }}
    where not is_partial and node_level in ('company', 'segment', 'region')

),

rep_months as (

    select * from {{ ref('fct_rep_month') }}
    where not is_partial

),

people as (

    select
        'company' as node_level,
        'company' as node_id,
        heads.*
    from heads

    union all

    select
        'segment' as node_level,
        segment_id as node_id,
        heads.*
    from heads

),

cohorts as (

    select
        month_start,
        case
            when tenure_months < 3 then 'ramp_first_quarter'
            when tenure_months < 6 then 'ramp_second_quarter'
            when tenure_months < 12 then 'ramp_second_half'
            else 'productivity_ramped'
        end as measure,
        bookings_cents,
        active_share,
        segment_id
    from rep_months

),

carried as (

    select
        *,
        'company' as node_level,
        'company' as node_id
    from cohorts

    union all

    select
        *,
        'segment' as node_level,
        segment_id as node_id
    from cohorts

),

final as (
{% for measure, value in [
    ('headcount', 'cast(sum(closing_heads) as double)'),
    ('hires', 'cast(sum(hires_count) as double)'),
    ('attrition', ratio('sum(leavers_count)', 'sum(opening_heads)')),
] %}
        select
            node_level,
            node_id,
            month_start,
            '{{ measure }}' as measure,
            {{ value }} as value
        from people
        group by node_level, node_id, month_start

        union all
    {% endfor %}
{% for measure, part in [
    ('churn', 'churn_cents'), ('expansion', 'expansion_cents')
] %}
        select
            node_level,
            node_id,
            month_start,
            '{{ measure }}' as measure,
            abs({{ ratio(part, 'opening_cents') }}) as value
        from retention

        union all
    {% endfor %}
    select
        node_level,
        node_id,
        month_start,
        measure,
        {{ ratio('sum(bookings_cents)', 'sum(active_share)') }} as value
    from carried
    group by node_level, node_id, month_start, measure

)

select * from final
