{{ config(
    materialized='incremental',
    incremental_strategy='replace_due',
    unique_key='account_id',
    meta={'due': 'int_billing__accounts_due'}
) }}

with due as (

    select * from {{ ref('int_billing__accounts_due') }}

),

months as (

    select * from {{ ref('int_policy__months') }}

),

carried as (

    select
        *,
        cast(
            sum(invoiced_cents - recognised_cents) over (
                partition by account_id
                order by month_start
                rows between unbounded preceding and current row
            ) as bigint
        ) as deferred_cents
    from {{ ref('int_billing__revenue_by_month') }}

),

-- of the months that rest
brought as (

    {% if is_incremental() -%}
        select
            rests.account_id,
            cast(sum(rests.invoiced_cents - rests.recognised_cents) as bigint)
                as deferred_cents
        from {{ this }} as rests
        inner join due
            on
                rests.account_id = due.account_id
                and rests.month_start < due.due_from
        group by rests.account_id
    {%- else -%}
        select
            account_id,
            0 as deferred_cents
        from due
        where false
    {%- endif %}

),

deferred as (

    select
        carried.*,
        carried.deferred_cents
        + coalesce(brought.deferred_cents, 0) as closing_deferred_cents
    from carried
    left join brought
        on carried.account_id = brought.account_id

),

final as (

    select
        deferred.account_id,
        deferred.month_start,
        deferred.closing_deferred_cents
        - deferred.invoiced_cents
        + deferred.recognised_cents as opening_deferred_cents,
        deferred.invoiced_cents,
        deferred.recognised_cents,
        deferred.closing_deferred_cents,
        not months.is_complete as is_partial,
        run.as_of
    from deferred
    inner join months
        on deferred.month_start = months.month_start
    cross join {{ ref('stg_reference__run') }} as run

)

select * from final
