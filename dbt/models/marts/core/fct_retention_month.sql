with months as (

    select * from {{ ref('fct_arr_month') }}

),

accounts as (

    select * from {{ ref('int_crm__accounts_segmented') }}

),

beside_last_year as (

    select
        months.*,
        accounts.segment_id,
        coalesce(year_ago.closing_cents, 0) as year_ago_cents
    from months
    inner join accounts
        on months.account_id = accounts.account_id
    left join months as year_ago
        on
            months.account_id = year_ago.account_id
            and {{ add_months(-12, 'months.month_start') }} = year_ago.month_start

),

{% set parts = ['opening', 'new', 'expansion', 'reactivation', 'contraction', 'churn',
                'closing', 'year_ago'] -%}
-- accounts are counted once, and the company is the sum of its segments
by_segment as (

    select
        segment_id,
        month_start,
        is_partial,
        as_of,
        {% for part in parts -%}
            sum({{ part }}_cents) as {{ part }}_cents,
        {% endfor -%}
        -- only who was there a year ago: no new account ever enters retention
        sum(case when year_ago_cents > 0 then closing_cents else 0 end) as retained_cents,
        sum(least(closing_cents, year_ago_cents)) as kept_cents,
        count(case when closing_cents > 0 then 1 end) as customers_count
    from beside_last_year
    group by segment_id, month_start, is_partial, as_of

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
        is_partial,
        as_of,
        {% for part in parts + ['retained', 'kept'] -%}
            cast(sum({{ part }}_cents) as bigint) as {{ part }}_cents,
        {% endfor -%}
        cast(sum(customers_count) as bigint) as customers_count
    from nodes
    group by node_level, node_id, month_start, is_partial, as_of

),

final as (

    select
        node_level,
        node_id,
        month_start,
        opening_cents,
        new_cents,
        expansion_cents,
        reactivation_cents,
        contraction_cents,
        churn_cents,
        closing_cents,
        customers_count,
        year_ago_cents,
        retained_cents,
        kept_cents,
        {{ stable(ratio('retained_cents', 'year_ago_cents')) }} as net_retention_share,
        {{ stable(ratio('kept_cents', 'year_ago_cents')) }} as gross_retention_share,
        {{ stable(ratio(
            'new_cents + expansion_cents', '-1 * (contraction_cents + churn_cents)'
        )) }} as quick_ratio,
        is_partial,
        as_of
    from summed

)

select * from final
