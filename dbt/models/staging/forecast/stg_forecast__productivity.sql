with source as (

    select * from {{ source('forecast', 'productivity') }}

),

renamed as (

    select
        segment_id,
        role,
        ramped_month_cents,
        p10_cents,
        p90_cents,
        reps_count,
        as_of

    from source

)

select * from renamed
