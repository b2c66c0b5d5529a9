with forecasts as (

    select * from {{ ref('stg_forecast__account_potentials') }}

),

final as (

    select
        account_id,
        cast(potential_cents as bigint) as potential_cents,
        cast(p10_cents as bigint) as p10_cents,
        cast(p90_cents as bigint) as p90_cents,
        cast(icp_score as double) as icp_score,
        drivers,
        as_of
    from forecasts

)

select * from final
