with source as (

    select * from {{ source('reference', 'answers') }}

),

renamed as (

    select
        metric,
        node_level,
        cause,
        asks_for

    from source

)

select * from renamed
