with source as (

    select * from {{ source('reference', 'last_build') }}

),

renamed as (

    select
        as_of,
        data_through

    from source

)

select * from renamed
