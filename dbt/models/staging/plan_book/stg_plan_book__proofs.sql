with source as (

    select * from {{ source('plan_book', 'proof') }}

),

renamed as (

    select
        version as plan_version,
        solver,
        node_id,
        proof,
        unit,
        objective,
        bound,
        gap_share,
        is_verified,
        statement

    from source

)

select * from renamed
