with source as (

    select * from {{ source('forecast', 'rep_outlook') }}

),

renamed as (

    select
        rep_id,
        segment_id,
        role,
        tenure_months,
        talent_share,
        talent_p10,
        talent_p90,
        expected_cents,
        p10_cents,
        p50_cents,
        p90_cents,
        as_of

    from source

)

select * from renamed
