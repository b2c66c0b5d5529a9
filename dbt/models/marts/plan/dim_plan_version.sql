with versions as (

    select * from {{ ref('stg_plan_book__versions') }}

),

in_force as (

    select
        plan_version,
        min(month_start) as in_force_from,
        max(month_end) as in_force_to
    from {{ ref('int_plan__months_in_force') }}
    group by plan_version

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        cast(versions.plan_version as bigint) as plan_version,
        versions.scenario,
        versions.state,
        cast(versions.parent_version as bigint) as parent_version,
        versions.title,
        versions.planned_as_of,
        versions.effective_from,
        versions.effective_to,
        in_force.in_force_from,
        in_force.in_force_to,
        coalesce(
            run.as_of between in_force.in_force_from and in_force.in_force_to, false
        ) as is_in_force,
        versions.proposed_by,
        versions.proposed_at,
        versions.decided_by,
        versions.decided_at,
        versions.published_at,
        versions.why,
        versions.breach_key,
        versions.scope,
        versions.policy_hash,
        versions.input_hash,
        versions.code_hash,
        versions.content_hash,
        versions.territory_gap_share,
        versions.territory_proof,
        run.as_of
    from versions
    cross join run
    left join in_force
        on versions.plan_version = in_force.plan_version

)

select * from final
