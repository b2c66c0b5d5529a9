with source as (

    select * from {{ source('plan_book', 'compensation') }}

),

renamed as (

    select
        version as plan_version,
        segment_id,
        role,
        month_start,
        heads,
        target_pay_cents,
        variable_cents

    from source

)

select * from renamed
