with source as (

    select * from {{ source('plan_book', 'allocation') }}

),

renamed as (

    select
        version as plan_version,
        segment_id,
        activity,
        spend_cents,
        value_cents,
        reason

    from source

)

select * from renamed
