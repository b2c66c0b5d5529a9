{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={'changed': 'int_crm__deals_changed', 'outdated': 'not is_closed'}
) }}

with opportunities as (

    select * from {{ ref('int_crm__opportunities_valued') }}
    where {{ only_changed(
        'int_crm__deals_changed', 'opportunity_id', within=ref('int_crm__opportunities_valued')
    ) }}

    union all

    -- the other open ones are a day older
    select * from {{ ref('int_crm__opportunities_valued') }}
    where
        not is_closed
        and not {{ only_changed('int_crm__deals_changed', 'opportunity_id') }}

),

paths as (

    select * from {{ ref('int_crm__opportunity_paths') }}

),

accounts as (

    select * from {{ ref('int_crm__accounts_segmented') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

dated as (

    select
        opportunities.*,
        paths.changes_count,
        paths.stages_count,
        paths.pushes_count,
        paths.slipped_days,
        coalesce(
            opportunities.created_on, paths.first_changed_on, opportunities.known_on
        ) as opened_on
    from opportunities
    left join paths
        on opportunities.opportunity_id = paths.opportunity_id

),

final as (

    select
        dated.opportunity_id,
        dated.account_id,
        dated.rep_id,
        accounts.segment_id,
        accounts.region_id,
        dated.product_id,
        dated.booking_type,
        dated.stage,
        dated.forecast_category,
        dated.amount_cents,
        dated.amount_transaction_cents,
        dated.amount_plan_rate_cents,
        dated.currency,
        dated.rate_source,
        dated.win_probability_share,
        dated.opened_on,
        dated.close_date,
        dated.is_closed,
        dated.is_won,
        cast(
            case
                when not dated.is_closed
                    then {{ days_between('dated.opened_on', 'run.as_of') }}
            end as integer
        ) as age_days,
        -- deals entered after they closed have a cycle of no days, not a negative one
        cast(
            case
                when dated.is_closed
                    then greatest({{ days_between('dated.opened_on', 'dated.close_date') }}, 0)
            end as integer
        ) as cycle_days,
        cast(coalesce(dated.changes_count, 0) as integer) as changes_count,
        cast(coalesce(dated.stages_count, 1) as integer) as stages_count,
        cast(coalesce(dated.pushes_count, 0) as integer) as pushes_count,
        cast(coalesce(dated.slipped_days, 0) as integer) as slipped_days,
        not dated.is_closed and dated.close_date < run.as_of as is_overdue,
        run.as_of
    from dated
    inner join accounts
        on dated.account_id = accounts.account_id
    cross join run

)

select * from final
