with source as (

    select * from {{ source('plan_book', 'quota') }}

),

renamed as (

    select
        version as plan_version,
        rep_id,
        segment_id,
        region_id,
        month_start,
        quota_cents,
        base_cents,
        reason

    from source

)

select * from renamed
