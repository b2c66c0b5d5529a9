with lines as (

    select * from {{ ref('stg_plan_book__proofs') }}

),

versions as (

    select * from {{ ref('dim_plan_version') }}

),

final as (

    select
        versions.plan_version,
        versions.scenario,
        lines.solver,
        lines.node_id,
        lines.proof,
        lines.unit,
        lines.objective,
        lines.bound,
        lines.gap_share,
        lines.is_verified,
        lines.statement,
        versions.as_of
    from lines
    inner join versions
        on lines.plan_version = versions.plan_version

)

select * from final
