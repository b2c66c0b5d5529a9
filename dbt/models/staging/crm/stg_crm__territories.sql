with source as (

    select * from {{ source('crm', 'territories') }}

),

renamed as (

    select
        -- ids
        territory_id,
        parent_id as parent_territory_id,

        -- what it is
        name,
        segment as segment_name,
        region as region_name,

        -- knowledge
        _known_on as known_on,
        _is_deleted as is_deleted

    from source

)

select * from renamed
