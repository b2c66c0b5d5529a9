with source as (

    select * from {{ source('quality', 'replays') }}

),

renamed as (

    select
        known_on,
        contract,
        file,
        line as line_number,
        row_digest

    from source

)

select * from renamed
