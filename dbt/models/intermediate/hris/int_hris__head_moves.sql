with heads as (

    select * from {{ ref('int_hris__heads_by_month') }}

),

months as (

    select
        month_start,
        least(month_end, data_through) as counted_on
    from {{ ref('int_policy__months') }}
    where has_begun

),

cells as (

    select
        worker_id,
        month_start,
        segment_id,
        role,
        max(hired_on) as hired_on,
        max(left_on) as left_on,
        max(case when moment = 'closing' then fte_share else 0 end) as fte_share,
        max(case when moment = 'opening' then 1 else 0 end) as is_opening,
        max(case when moment = 'closing' then 1 else 0 end) as is_closing
    from heads
    group by worker_id, month_start, segment_id, role

),

final as (

    -- whoever comes was either hired in the month or was elsewhere before, and
    -- whoever goes has either left or is elsewhere since
    select
        cells.worker_id,
        cells.month_start,
        cells.segment_id,
        cells.role,
        cells.fte_share,
        cells.is_opening,
        cells.is_closing,
        case
            when cells.is_opening = 0 and cells.hired_on >= cells.month_start then 1
            else 0
        end as is_hire,
        case
            when cells.is_opening = 0 and cells.hired_on < cells.month_start then 1
            else 0
        end as is_transfer_in,
        case
            when cells.is_closing = 0 and cells.left_on <= months.counted_on then 1
            else 0
        end as is_leaver,
        case
            when cells.is_closing = 1 or cells.left_on <= months.counted_on then 0
            else 1
        end as is_transfer_out
    from cells
    inner join months
        on cells.month_start = months.month_start

)

select * from final
