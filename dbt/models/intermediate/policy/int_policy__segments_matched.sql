with spellings as (

    select segment_name from {{ ref('stg_hris__job_changes') }}
    union
    select segment_name from {{ ref('stg_hris__positions') }}
    union
    select segment_name from {{ ref('stg_hris__requisitions') }}
    union
    select segment_name from {{ ref('stg_crm__accounts') }}
    union
    select segment_name from {{ ref('stg_crm__territories') }}

),

segments as (

    select * from {{ ref('stg_reference__segments') }}

),

final as (

    select
        spellings.segment_name,
        min(segments.segment_id) as segment_id
    from spellings
    inner join segments
        on
            lower(trim(spellings.segment_name)) = lower(segments.segment_id)
            or lower(trim(spellings.segment_name)) = lower(trim(segments.name))
    group by spellings.segment_name

)

select * from final
