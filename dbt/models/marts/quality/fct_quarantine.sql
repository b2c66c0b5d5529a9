with refused as (

    select * from {{ ref('int_quality__refused_rows') }}

),

final as (

    -- what names people or their pay stands in restricted.fct_quarantined_row alone
    select
        known_on,
        contract,
        file,
        line_number,
        rule_broken,
        column_name,
        case when not has_sensitive_value then value_found end as value_found,
        case when not is_sensitive_row then row_json end as row_json,
        is_sensitive_row,
        is_replayed,
        as_of
    from refused

)

select * from final
