with source as (

    select * from {{ source('forecast', 'plan_odds') }}

),

renamed as (

    select
        plan_version,
        node_level,
        node_id,
        months_count,
        target_cents,
        p10_cents,
        p50_cents,
        p90_cents,
        met_share,
        as_of

    from source

)

select * from renamed
