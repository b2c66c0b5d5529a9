with heads as (

    select * from {{ ref('fct_headcount_month') }}

),

final as (

    select
        'segment_role' as node_level,
        segment_id || ':' || role as node_id,
        month_start,
        opening_heads,
        closing_heads,
        closing_heads - opening_heads as change_heads
    from heads
    where not is_partial

)

select * from final
