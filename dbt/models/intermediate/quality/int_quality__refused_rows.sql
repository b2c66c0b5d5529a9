with refusals as (

    select * from {{ ref('stg_quality__refusals') }}

),

replays as (

    select distinct
        known_on,
        contract,
        file,
        coalesce(line_number, -1) as line_number,
        row_digest
    from {{ ref('stg_quality__replays') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

sensitive as (

    select
        contract,
        column_name
    from {{ ref('stg_reference__contract_columns') }}
    where classification <> 'internal'

),

sensitive_contracts as (

    select distinct contract
    from sensitive

),

final as (

    select
        refusals.known_on,
        refusals.contract,
        refusals.file,
        cast(refusals.line_number as bigint) as line_number,
        refusals.rule_broken,
        refusals.column_name,
        refusals.value_found,
        refusals.row_json,
        replays.row_digest is not null as is_replayed,
        -- a key of several columns may hold one that names somebody
        sensitive.column_name is not null
        or (refusals.column_name like '%,%' and sensitive_contracts.contract is not null)
            as has_sensitive_value,
        sensitive_contracts.contract is not null as is_sensitive_row,
        run.as_of
    from refusals
    inner join run
        on refusals.known_on <= run.as_of
    left join replays
        on
            refusals.known_on = replays.known_on
            and refusals.contract = replays.contract
            and refusals.file = replays.file
            and coalesce(refusals.line_number, -1) = replays.line_number
            and {{ text_digest('refusals.row_json') }} = replays.row_digest
    left join sensitive
        on
            refusals.contract = sensitive.contract
            and refusals.column_name = sensitive.column_name
    left join sensitive_contracts
        on refusals.contract = sensitive_contracts.contract

)

select * from final
