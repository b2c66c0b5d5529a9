with source as (

    select * from {{ source('reference', 'contract_columns') }}

),

renamed as (

    select
        contract,
        column_name,
        classification

    from source

)

select * from renamed
