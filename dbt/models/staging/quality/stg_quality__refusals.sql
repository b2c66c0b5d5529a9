with source as (

    select * from {{ source('quality', 'refusals') }}

),

renamed as (

    select
        known_on,
        contract,
        file,
        line as line_number,
        rule as rule_broken,
        column_name,
        value as value_found,
        row_json

    from source

)

select * from renamed
