with source as (

    select * from {{ source('plan_book', 'scenario_bridges') }}

),

renamed as (

    select
        version as plan_version,
        scenario,
        measure,
        driver_order,
        driver,
        change,
        value_after

    from source

)

select * from renamed
