with moves as (

    select * from {{ ref('int_hris__head_moves') }}

),

heads as (

    select * from {{ ref('int_hris__heads_by_month') }}

),

leaves as (

    select * from {{ ref('int_hris__known_leaves') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

-- distinct: two leaves of one person on the same day are one head away
away as (

    select
        heads.month_start,
        heads.segment_id,
        heads.role,
        count(distinct heads.worker_id) as on_leave_count
    from heads
    inner join leaves
        on
            heads.worker_id = leaves.worker_id
            and leaves.started_on <= heads.counted_on
            and coalesce(leaves.ended_on, {{ end_of_time() }}) >= heads.counted_on
    where heads.moment = 'closing'
    group by heads.month_start, heads.segment_id, heads.role

),

-- closed ones were given up on a day nobody told
wanted as (

    select
        months.month_start,
        requisitions.segment_id,
        requisitions.role,
        count(*) as open_requisitions_count
    from {{ ref('int_hris__requisitions_matched') }} as requisitions
    inner join months
        on
            requisitions.opened_on <= least(months.month_end, months.data_through)
            and coalesce(requisitions.filled_on, {{ end_of_time() }})
            > least(months.month_end, months.data_through)
    where requisitions.status <> 'closed'
    group by months.month_start, requisitions.segment_id, requisitions.role

),

cells as (

    select
        segment_id,
        role,
        month_start,
        cast(sum(is_opening) as bigint) as opening_heads,
        cast(sum(is_hire) as bigint) as hires_count,
        cast(sum(is_transfer_in) as bigint) as transfers_in_count,
        cast(sum(is_transfer_out) as bigint) as transfers_out_count,
        cast(sum(is_leaver) as bigint) as leavers_count,
        cast(sum(is_closing) as bigint) as closing_heads,
        sum(fte_share) as closing_fte
    from moves
    group by segment_id, role, month_start

),

final as (

    select
        cells.segment_id,
        cells.role,
        cells.month_start,
        cells.opening_heads,
        cells.hires_count,
        cells.transfers_in_count,
        cells.transfers_out_count,
        cells.leavers_count,
        cells.closing_heads,
        {{ stable('cells.closing_fte') }} as closing_fte,
        cast(coalesce(away.on_leave_count, 0) as bigint) as on_leave_count,
        cast(coalesce(wanted.open_requisitions_count, 0) as bigint)
            as open_requisitions_count,
        not months.is_complete as is_partial,
        months.as_of
    from cells
    inner join months
        on cells.month_start = months.month_start
    left join away
        on
            cells.month_start = away.month_start
            and cells.segment_id = away.segment_id
            and cells.role = away.role
    left join wanted
        on
            cells.month_start = wanted.month_start
            and cells.segment_id = wanted.segment_id
            and cells.role = wanted.role

)

select * from final
