with lines as (

    select * from {{ ref('stg_plan_book__assignments') }}

),

versions as (

    select * from {{ ref('dim_plan_version') }}

),

final as (

    select
        versions.plan_version,
        versions.scenario,
        lines.account_id,
        lines.rep_id,
        lines.segment_id,
        lines.valid_from,
        lines.valid_to,
        lines.previous_rep_id,
        lines.is_moved,
        lines.reason,
        cast(lines.keep_cost_cents as bigint) as keep_cost_cents,
        cast(lines.move_cost_cents as bigint) as move_cost_cents,
        lines.next_best_rep_id,
        cast(lines.potential_cents as bigint) as potential_cents,
        versions.as_of
    from lines
    inner join versions
        on lines.plan_version = versions.plan_version

)

select * from final
