{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={
        'changed': 'int_crm__deals_changed',
        'outdated': "booked_on >= last.data_through"
            ~ " or booked_on < (select min(date_day) from staging.stg_reference__fiscal_days)"
    }
) }}

with credits as (

    select * from {{ ref('int_crm__credits') }}

),

opportunities as (

    select * from {{ ref('int_crm__opportunities_valued') }}
    where
        is_won
        and (
            {{ is_uncovered('close_date') }}
            or {{ only_changed('int_crm__deals_changed', 'opportunity_id') }}
        )

),

accounts as (

    select * from {{ ref('int_crm__accounts_segmented') }}

),

days as (

    select * from {{ ref('stg_reference__fiscal_days') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

final as (

    select
        credits.opportunity_id,
        credits.rep_id,
        opportunities.account_id,
        accounts.segment_id,
        accounts.region_id,
        opportunities.product_id,
        opportunities.close_date as booked_on,
        days.month_start,
        cast(days.fiscal_year as integer) as fiscal_year,
        cast(days.fiscal_quarter as integer) as fiscal_quarter,
        opportunities.booking_type,
        -- a type nobody gave counts: it is not known to be a renewal
        coalesce(
            ',' || run.booking_types || ',' like '%,' || opportunities.booking_type || ',%',
            true
        ) as is_in_plan,
        credits.credit_share,
        credits.amount_cents,
        credits.amount_transaction_cents,
        credits.amount_plan_rate_cents,
        opportunities.currency,
        opportunities.rate_source,
        run.as_of
    from credits
    inner join opportunities
        on credits.opportunity_id = opportunities.opportunity_id
    inner join accounts
        on opportunities.account_id = accounts.account_id
    inner join days
        on opportunities.close_date = days.date_day
    inner join run
        on opportunities.close_date <= run.data_through

)

select * from final
