with source as (

    select * from {{ source('reference', 'plan_rates') }}

),

renamed as (

    select
        upper(trim(currency)) as currency,
        company_currency_per_unit

    from source

)

select * from renamed
