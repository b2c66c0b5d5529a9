with source as (

    select * from {{ source('reference', 'stages') }}

),

renamed as (

    select
        stage,
        rank as stage_rank,
        is_closed,
        is_won

    from source

)

select * from renamed
