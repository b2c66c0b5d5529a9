with source as (

    select * from {{ source('plan_book', 'events') }}

),

renamed as (

    select
        seq as event_number,
        version as plan_version,
        from_state,
        to_state,
        actor,
        note,
        happened_at,
        hash as event_hash

    from source

)

select * from renamed
