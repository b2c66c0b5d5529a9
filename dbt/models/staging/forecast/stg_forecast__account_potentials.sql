with source as (

    select * from {{ source('forecast', 'account_potential') }}

),

renamed as (

    select
        account_id,
        potential_cents,
        p10_cents,
        p90_cents,
        icp_score,
        drivers,
        as_of

    from source

)

select * from renamed
