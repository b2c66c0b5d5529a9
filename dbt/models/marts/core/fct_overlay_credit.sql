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

with splits as (

    select * from {{ ref('int_crm__known_opportunity_splits') }}
    where split_type = 'overlay'

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
        splits.opportunity_id,
        splits.rep_id,
        opportunities.account_id,
        accounts.segment_id,
        accounts.region_id,
        opportunities.close_date as booked_on,
        days.month_start,
        splits.credit_share,
        {{ exchanged('coalesce(opportunities.amount_cents, 0)', 'splits.credit_share') }}
            as amount_cents,
        run.as_of
    from splits
    inner join opportunities
        on splits.opportunity_id = opportunities.opportunity_id
    inner join accounts
        on opportunities.account_id = accounts.account_id
    inner join days
        on opportunities.close_date = days.date_day
    inner join run
        on opportunities.close_date <= run.data_through

)

select * from final
