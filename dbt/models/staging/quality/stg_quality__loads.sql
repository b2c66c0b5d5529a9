with source as (

    select * from {{ source('quality', 'loads') }}

),

renamed as (

    select
        known_on,
        contract,
        contract_version,
        file,
        delivery,
        rows_read,
        rows_loaded,
        rows_unchanged,
        rows_quarantined,
        rows_duplicate,
        rows_deleted,
        is_refused,
        reason,
        batch,
        source as source_name

    from source

)

select * from renamed
