with source as (

    select * from {{ source('plan_book', 'versions') }}

),

renamed as (

    select
        version as plan_version,
        state,
        scenario,
        parent_version,
        title,
        as_of as planned_as_of,
        effective_from,
        effective_to,
        proposed_by,
        proposed_at,
        decided_by,
        decided_at,
        published_at,
        why,
        breach_key,
        scope,
        policy_hash,
        input_hash,
        code_hash,
        content_hash,
        territory_gap_share,
        territory_proof

    from source

)

select * from renamed
