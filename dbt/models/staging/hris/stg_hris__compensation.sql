with source as (

    select * from {{ source('hris', 'compensation') }}

),

renamed as (

    select
        -- ids
        worker_id,

        -- amounts
        {{ to_cents('base') }} as base_cents,
        {{ to_cents('target_variable') }} as target_variable_cents,
        currency,

        -- dates
        effective_date as effective_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
