{{ config(materialized='view') }}

with spells as (

    select * from {{ ref('int_billing__item_spells') }}

),

due as (

    select * from {{ ref('int_billing__accounts_due') }}

),

months as (

    select
        month_start,
        least(month_end, data_through) as measured_on
    from {{ ref('int_policy__months') }}
    where has_begun

),

spells_due as (

    select
        spells.account_id,
        spells.arr_cents,
        greatest(spells.valid_from, due.due_from) as valid_from,
        coalesce(spells.valid_to, {{ end_of_time() }}) as valid_to
    from spells
    inner join due
        on spells.account_id = due.account_id

),

final as (

    select
        spells_due.account_id,
        months.month_start,
        cast(sum(spells_due.arr_cents) as bigint) as closing_cents
    from spells_due
    inner join months
        on
            spells_due.valid_from <= months.measured_on
            and spells_due.valid_to >= months.measured_on
    group by spells_due.account_id, months.month_start

)

select * from final
