with source as (

    select * from {{ source('forecast', 'attrition') }}

),

renamed as (

    select
        segment_id,
        role,
        tenure_band,
        monthly_hazard_share,
        p10,
        p90,
        leavers_count,
        is_informed,
        as_of

    from source

)

select * from renamed
