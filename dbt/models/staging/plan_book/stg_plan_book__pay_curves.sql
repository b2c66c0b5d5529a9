with source as (

    select * from {{ source('plan_book', 'pay') }}

),

renamed as (

    select
        version as plan_version,
        role,
        threshold_share,
        accelerator,
        second_accelerator_from_share,
        second_accelerator,
        cap_multiple,
        mean_cents,
        p90_cents,
        leverage_multiple,
        reason

    from source

)

select * from renamed
