with source as (

    select * from {{ source('forecast', 'ramp') }}

),

renamed as (

    select
        segment_id,
        role,
        tenure_month,
        share,
        share_p10,
        share_p90,
        months_to_80,
        months_to_80_p10,
        months_to_80_p90,
        rep_months_count,
        is_pooled,
        as_of

    from source

)

select * from renamed
