with causes as (

    select * from {{ ref('fct_drift_cause') }}

),

directed as (

    select
        node_level,
        node_id,
        cause,
        'below' as direction,
        -amount_cents as explained_cents
    from causes

    union all

    select
        node_level,
        node_id,
        cause,
        'above' as direction,
        amount_cents as explained_cents
    from causes

),

ranked as (

    select
        *,
        row_number() over (
            partition by node_level, node_id, direction
            order by explained_cents desc, cause asc
        ) as place
    from directed
    where explained_cents > 0

),

final as (

    select
        'attainment' as metric,
        node_level,
        node_id,
        direction,
        cause as leading_cause
    from ranked
    where place = 1

)

select * from final
