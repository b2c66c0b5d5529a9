with source as (

    select * from {{ source('crm', 'opportunities') }}

),

renamed as (

    select
        -- ids
        opportunity_id,
        account_id,
        owner_id as rep_id,
        product_id,

        -- what it is
        name,
        type as booking_type,

        -- amounts
        {{ to_cents('amount') }} as amount_cents,
        currency,
        probability / 100 as win_probability_share,

        -- states
        stage,
        forecast_category,
        is_closed,
        is_won,
        is_deleted as is_deleted_in_crm,

        -- dates
        close_date,
        cast(created_at as date) as created_on,
        cast(modified_at as date) as modified_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
