with refusals as (

    select * from {{ ref('stg_quality__refusals') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    -- the row itself stays in the quarantine files: it may name people
    select
        refusals.known_on,
        refusals.contract,
        refusals.file,
        cast(refusals.line_number as bigint) as line_number,
        refusals.rule_broken,
        refusals.column_name,
        refusals.value_found,
        run.as_of
    from refusals
    inner join run
        on refusals.known_on <= run.as_of

)

select * from final
