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

    select distinct contract
    from {{ ref('stg_reference__contract_columns') }}
    where classification <> 'internal'

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
        -- columns slip in a broken row: a name or a wage may stand in any of them
        sensitive.contract is not null and refusals.rule_broken <> 'row shape'
            as has_sensitive_value,
        sensitive.contract is not null as is_sensitive_row,
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
        on refusals.contract = sensitive.contract

)

select * from final
