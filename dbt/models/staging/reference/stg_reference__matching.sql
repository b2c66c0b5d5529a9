with source as (

    select * from {{ source('reference', 'matching') }}

),

renamed as (

    select
        people_min_score_share,
        customers_min_score_share,
        accounts_min_score_share,
        hire_grace_days

    from source

)

select * from renamed
