with digests as (

    select * from {{ ref('int_crm__pipeline_digests') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    -- open deals get a new day each night, and lose the last one
    select digests.opportunity_id
    from digests
    inner join run
        on digests.changed_on = run.as_of or digests.is_open

)

select * from final
