with source as (

    select * from {{ source('crm', 'opportunity_history') }}

),

renamed as (

    select
        -- ids
        opportunity_id,

        -- amounts
        {{ to_cents('amount') }} as amount_cents,
        probability / 100 as win_probability_share,

        -- states
        stage,
        forecast_category,

        -- dates
        close_date,
        changed_at,
        cast(changed_at as date) as changed_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
