with source as (

    select * from {{ source('plan_book', 'coverage') }}

),

renamed as (

    select
        version as plan_version,
        account_id,
        coverage_tier,
        value_cents,
        reason

    from source

)

select * from renamed
