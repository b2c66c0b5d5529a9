with source as (

    select * from {{ source('plan_book', 'quota_bridges') }}

),

renamed as (

    select
        version as plan_version,
        rep_id,
        month_start,
        step_order,
        step,
        cents

    from source

)

select * from renamed
