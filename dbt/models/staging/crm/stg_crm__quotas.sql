with source as (

    select * from {{ source('crm', 'quotas') }}

),

renamed as (

    select
        -- ids
        user_id as rep_id,

        -- amounts
        {{ to_cents('quota') }} as quota_cents,
        currency,

        -- dates
        period_start,
        period_end,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
