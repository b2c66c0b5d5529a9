with forecasts as (

    select * from {{ ref('stg_forecast__standings') }}

),

final as (

    select
        measure,
        node_level,
        champion,
        challenger,
        baseline,
        challenger_loss,
        baseline_loss,
        skill_share,
        covered_share,
        cast(origins_count as bigint) as origins_count,
        cast(forecasts_count as bigint) as forecasts_count,
        is_judged,
        is_used,
        model_version,
        as_of
    from forecasts

)

select * from final
