with source as (

    select * from {{ source('plan_book', 'decisions') }}

),

renamed as (

    select
        breach_key,
        decided_on,
        verdict,
        gain_cents,
        cost_cents,
        reconsider_on,
        statistic,
        policy_hash,
        why as decision_why

    from source

)

select * from renamed
