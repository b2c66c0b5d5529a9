with source as (

    select * from {{ source('forecast', 'standing') }}

),

renamed as (

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
        origins_count,
        forecasts_count,
        is_judged,
        is_used,
        model_version,
        as_of

    from source

)

select * from renamed
