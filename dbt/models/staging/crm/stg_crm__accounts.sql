with source as (

    select * from {{ source('crm', 'accounts') }}

),

renamed as (

    select
        -- ids
        account_id,
        parent_id as parent_account_id,
        owner_id as owner_rep_id,

        -- what it is
        name,
        industry,
        segment as segment_name,
        employee_count,
        {{ to_cents('annual_revenue') }} as annual_revenue_cents,

        -- where it is
        city,
        region as region_name,
        postal_code,
        country,
        latitude,
        longitude,

        -- states
        is_deleted as is_deleted_in_crm,

        -- dates
        cast(created_at as date) as created_on,
        cast(modified_at as date) as modified_on,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
