with due as (

    select * from {{ ref('int_drift__deals_due') }}

),

sizes as (

    select
        node_level,
        node_id,
        mix_kind,
        {{ ratio('sum(amount_cents)', 'count(*)') }} as base_deal_cents
    from due
    where period = 'base' and outcome = 'won'
    group by node_level, node_id, mix_kind

),

sizes_of_all as (

    select
        node_level,
        node_id,
        {{ ratio('sum(amount_cents)', 'count(*)') }} as base_deal_cents
    from due
    where period = 'base' and outcome = 'won'
    group by node_level, node_id

),

-- what a deal of its kind brought before, to the cent so that sums are the same in
-- any order; of a kind not sold before, any deal
sized as (

    select
        due.*,
        cast(
            round(coalesce(sizes.base_deal_cents, sizes_of_all.base_deal_cents)) as bigint
        ) as usual_cents
    from due
    left join sizes
        on
            due.node_level = sizes.node_level
            and due.node_id = sizes.node_id
            and due.mix_kind = sizes.mix_kind
    left join sizes_of_all
        on
            due.node_level = sizes_of_all.node_level
            and due.node_id = sizes_of_all.node_id

),

final as (

    select
        node_level,
        node_id,
        {% for period, prefix in [
            ('window', ''), ('base', 'base_'), ('year_before', 'year_before_')
        ] %}
            {% for counted, name in [
                ('true', 'due'),
                ("outcome <> 'put_off'", 'decided'),
                ("outcome <> 'put_off' and is_promised", 'promised'),
                ('is_lost_with_customer', 'lost_with_customer'),
                ("outcome = 'won'", 'won'),
            ] %}
                sum(case when period = '{{ period }}' and {{ counted }} then 1 else 0 end)
                    as {{ prefix }}{{ name }}_count,
            {% endfor %}
        {% endfor %}
        cast(
            coalesce(
                sum(case when period = 'base' and outcome = 'won' then amount_cents end), 0
            ) as bigint
        ) as base_won_cents,
        cast(
            coalesce(
                sum(case when period = 'window' and outcome = 'won' then usual_cents end), 0
            ) as bigint
        ) as usual_won_cents
    from sized
    group by node_level, node_id

)

select * from final
