with movements as (

    select * from {{ ref('int_billing__arr_movements') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

accounts as (

    select * from {{ ref('int_crm__accounts_segmented') }}

),

final as (

    select
        movements.account_id,
        accounts.segment_id,
        accounts.region_id,
        movements.month_start,
        movements.movement,
        movements.opening_cents,
        movements.amount_cents,
        movements.closing_cents,
        not months.is_complete as is_partial,
        months.as_of
    from movements
    inner join accounts
        on movements.account_id = accounts.account_id
    inner join months
        on movements.month_start = months.month_start
    where movements.movement is not null

)

select * from final
