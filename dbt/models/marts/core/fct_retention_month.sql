with movements as (

    select * from {{ ref('int_billing__arr_movements') }}

),

accounts as (

    select * from {{ ref('int_crm__accounts_segmented') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

{% set parts = ['opening', 'new', 'expansion', 'reactivation', 'contraction', 'churn',
                'closing', 'year_ago'] -%}
-- accounts are counted once, and the company is the sum of its segments
by_segment as (

    select
        accounts.segment_id,
        movements.month_start,
        {% for part in ['opening', 'closing', 'year_ago'] -%}
            sum(movements.{{ part }}_cents) as {{ part }}_cents,
        {% endfor -%}
        {% for kind in ['new', 'expansion', 'reactivation', 'contraction', 'churn'] -%}
            sum(
                case when movements.movement = '{{ kind }}' then movements.amount_cents else 0 end
            ) as {{ kind }}_cents,
        {% endfor -%}
        -- only who was there a year ago: no new account ever enters retention
        sum(
            case when movements.year_ago_cents > 0 then movements.closing_cents else 0 end
        ) as retained_cents,
        sum(least(movements.closing_cents, movements.year_ago_cents)) as kept_cents,
        count(case when movements.closing_cents > 0 then 1 end) as customers_count
    from movements
    inner join accounts
        on movements.account_id = accounts.account_id
    group by accounts.segment_id, movements.month_start

),

nodes as (

    {% for level, node in [('company', "'company'"), ('segment', 'segment_id')] -%}
        select
            '{{ level }}' as node_level,
            {{ node }} as node_id,
            by_segment.*
        from by_segment
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor %}
),

summed as (

    select
        node_level,
        node_id,
        month_start,
        {% for part in parts + ['retained', 'kept'] -%}
            cast(sum({{ part }}_cents) as bigint) as {{ part }}_cents,
        {% endfor -%}
        cast(sum(customers_count) as bigint) as customers_count
    from nodes
    group by node_level, node_id, month_start

),

final as (

    select
        summed.node_level,
        summed.node_id,
        summed.month_start,
        summed.opening_cents,
        summed.new_cents,
        summed.expansion_cents,
        summed.reactivation_cents,
        summed.contraction_cents,
        summed.churn_cents,
        summed.closing_cents,
        summed.customers_count,
        summed.year_ago_cents,
        summed.retained_cents,
        summed.kept_cents,
        {{ stable(ratio('summed.retained_cents', 'summed.year_ago_cents')) }}
            as net_retention_share,
        {{ stable(ratio('summed.kept_cents', 'summed.year_ago_cents')) }}
            as gross_retention_share,
        {{ stable(ratio(
            'summed.new_cents + summed.expansion_cents',
            '-1 * (summed.contraction_cents + summed.churn_cents)'
        )) }} as quick_ratio,
        not months.is_complete as is_partial,
        months.as_of
    from summed
    inner join months
        on summed.month_start = months.month_start

)

select * from final
