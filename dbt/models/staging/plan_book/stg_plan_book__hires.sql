with source as (

    select * from {{ source('plan_book', 'hire') }}

),

renamed as (

    select
        version as plan_version,
        segment_id,
        role,
        month_start,
        hires_count,
        reason

    from source

)

select * from renamed
