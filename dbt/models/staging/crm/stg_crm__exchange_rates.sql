with source as (

    select * from {{ source('crm', 'exchange_rates') }}

),

renamed as (

    select
        -- ids
        upper(currency) as currency,

        -- amounts
        rate as company_currency_per_unit,

        -- dates
        started_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
