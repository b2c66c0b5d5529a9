with evidence as (

    select * from {{ ref('int_drift__evidence') }}
    where metric = 'attainment'

),

latest as (

    select
        node_level,
        node_id,
        max(epoch) as epoch
    from evidence
    group by node_level, node_id

),

final as (

    select
        evidence.node_level,
        evidence.node_id,
        max(evidence.plan_version) as plan_version,
        min(evidence.month_start) as first_month_start,
        max(evidence.month_start) as last_month_start,
        {{ add_months(-12, 'min(evidence.month_start)') }} as base_month_start,
        cast(round(sum(evidence.plan_value)) as bigint) as plan_cents,
        cast(round(sum(evidence.actual_value)) as bigint) as actual_cents
    from evidence
    inner join latest
        on
            evidence.node_level = latest.node_level
            and evidence.node_id = latest.node_id
            and evidence.epoch = latest.epoch
    group by evidence.node_level, evidence.node_id

)

select * from final
