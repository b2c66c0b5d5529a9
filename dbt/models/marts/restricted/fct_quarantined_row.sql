with refused as (

    select * from {{ ref('int_quality__refused_rows') }}

),

final as (

    select
        known_on,
        contract,
        file,
        line_number,
        rule_broken,
        column_name,
        value_found,
        row_json,
        is_replayed,
        as_of
    from refused

)

select * from final
