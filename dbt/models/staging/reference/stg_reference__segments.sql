with source as (

    select * from {{ source('reference', 'segments') }}

),

renamed as (

    select
        segment_id,
        name,
        rank as segment_rank,
        min_employee_count,
        max_employee_count,
        regions as region_names,
        countries as country_names,
        is_default

    from source

)

select * from renamed
