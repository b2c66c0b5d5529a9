with source as (

    select * from {{ source('reference', 'handover') }}

),

renamed as (

    select
        leave_cover,
        leave_cover_min_days

    from source

)

select * from renamed
