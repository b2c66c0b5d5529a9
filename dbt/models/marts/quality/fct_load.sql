with loads as (

    select * from {{ ref('stg_quality__loads') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        loads.known_on,
        loads.contract,
        loads.contract_version,
        loads.file,
        loads.delivery,
        cast(loads.rows_read as bigint) as rows_read,
        cast(loads.rows_loaded as bigint) as rows_loaded,
        cast(loads.rows_unchanged as bigint) as rows_unchanged,
        cast(loads.rows_quarantined as bigint) as rows_quarantined,
        cast(loads.rows_duplicate as bigint) as rows_duplicate,
        cast(loads.rows_deleted as bigint) as rows_deleted,
        loads.is_refused,
        loads.reason,
        loads.batch,
        loads.source_name,
        run.as_of
    from loads
    inner join run
        on loads.known_on <= run.as_of

)

select * from final
