with source as (

    select * from {{ source('reference', 'launches') }}

),

renamed as (

    select
        launch_id,
        product_id,
        name,
        planned_on,
        grace_days

    from source

)

select * from renamed
