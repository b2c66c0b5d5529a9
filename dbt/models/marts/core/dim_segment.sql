with segments as (

    select * from {{ ref('stg_reference__segments') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        segments.segment_id,
        segments.name,
        cast(segments.segment_rank as integer) as segment_rank,
        cast(segments.min_employee_count as bigint) as min_employee_count,
        cast(segments.max_employee_count as bigint) as max_employee_count,
        segments.region_names,
        segments.country_names,
        segments.is_default,
        run.as_of
    from segments
    cross join run

)

select * from final
