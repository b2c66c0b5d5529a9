with windows as (

    select * from {{ ref('int_drift__windows') }}

),

kinds as (

    select distinct booking_type
    from {{ ref('fct_bookings') }}
    where is_in_plan

),

decided as (

    select opportunities.*
    from {{ ref('fct_opportunity') }} as opportunities
    inner join kinds
        on opportunities.booking_type = kinds.booking_type
    where opportunities.is_closed

),

placed as (

    select
        windows.node_level,
        windows.node_id,
        decided.is_won,
        decided.amount_cents,
        decided.close_date < windows.first_month_start as is_base
    from windows
    inner join decided
        on
            decided.close_date >= windows.base_month_start
            and decided.close_date < {{ add_months(1, 'windows.last_month_start') }}
            and (
                windows.node_level = 'company'
                or (
                    windows.node_level = 'segment'
                    and decided.segment_id = windows.node_id
                )
                or (
                    windows.node_level = 'region'
                    and decided.region_id = windows.node_id
                )
            )

),

final as (

    select
        node_level,
        node_id,
        sum(case when is_base then 0 else 1 end) as decided_count,
        sum(case when not is_base and is_won then 1 else 0 end) as won_count,
        sum(case when is_base then 1 else 0 end) as base_decided_count,
        sum(case when is_base and is_won then 1 else 0 end) as base_won_count,
        cast(
            coalesce(sum(case when is_base and is_won then amount_cents end), 0) as bigint
        ) as base_won_cents
    from placed
    group by node_level, node_id

)

select * from final
