with source as (

    select * from {{ source('reference', 'run') }}

),

renamed as (

    select
        as_of,
        data_through,
        policy_hash,
        company as company_name,
        currency,
        booking_types,
        reconciliation_tolerance_cents,
        reconciliation_tolerance_share

    from source

)

select * from renamed
