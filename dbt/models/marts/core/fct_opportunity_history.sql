{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={'changed': 'int_crm__deals_told'}
) }}

with versions as (

    select * from {{ ref('stg_crm__opportunities') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

in_order as (

    select
        versions.*,
        run.as_of,
        lead(versions.known_on) over (
            partition by versions.opportunity_id order by versions.known_on
        ) as next_known_on
    from versions
    inner join run
        on versions.known_on <= run.as_of
    where {{ only_changed('int_crm__deals_told', 'opportunity_id', 'versions') }}

),

final as (

    select
        opportunity_id,
        account_id,
        rep_id,
        known_on as known_from,
        {{ add_days(-1, 'next_known_on') }} as known_to,
        least(coalesce(modified_on, known_on), known_on) as valid_from,
        stage,
        forecast_category,
        amount_cents,
        currency,
        win_probability_share,
        close_date,
        is_closed,
        is_won,
        next_known_on is null as is_current,
        as_of
    from in_order
    where not is_deleted and not coalesce(is_deleted_in_crm, false)

)

select * from final
