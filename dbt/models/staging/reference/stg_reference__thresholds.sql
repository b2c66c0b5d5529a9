with source as (

    select * from {{ source('reference', 'thresholds') }}

),

renamed as (

    select
        metric,
        node_level,
        false_alarms_per_year,
        min_history_months,
        asks_for,
        tier

    from source

)

select * from renamed
