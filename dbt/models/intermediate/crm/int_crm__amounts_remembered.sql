{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='opportunity_id',
    meta={'changed': 'int_crm__deals_told'}
) }}

with night as (

    select as_of from {{ ref('stg_reference__run') }}

),

known as (

    {{ as_known(
        ref('stg_crm__opportunities'),
        ['opportunity_id'],
        among=only_changed('int_crm__deals_told', 'opportunity_id', 'every_version')
    ) }}

),

without_amount as (

    select opportunity_id
    from known
    where amount_cents is null

),

told as (

    select
        opportunity_id,
        changed_at as told_at,
        amount_cents,
        1 as source_rank
    from {{ ref('int_crm__known_opportunity_changes') }}
    where opportunity_id in (select without_amount.opportunity_id from without_amount)

    union all

    select
        opportunity_id,
        changed_at as told_at,
        coalesce(
            {{ to_cents(number_or_null('new_value')) }},
            {{ to_cents(number_or_null('old_value')) }}
        ) as amount_cents,
        2 as source_rank
    from {{ ref('int_crm__known_field_changes') }}
    where
        field_name = 'amount'
        and opportunity_id in (select without_amount.opportunity_id from without_amount)

    union all

    select
        versions.opportunity_id,
        cast(versions.known_on as timestamp) as told_at,
        versions.amount_cents,
        3 as source_rank
    from {{ ref('stg_crm__opportunities') }} as versions
    inner join night
        on versions.known_on <= night.as_of
    where versions.opportunity_id in (select without_amount.opportunity_id from without_amount)

),

ranked as (

    select
        opportunity_id,
        told_at,
        amount_cents,
        row_number() over (
            partition by opportunity_id
            order by told_at desc, source_rank desc, amount_cents desc
        ) as recency
    from told
    where amount_cents is not null

),

final as (

    select
        opportunity_id,
        amount_cents,
        cast(told_at as date) as told_on
    from ranked
    where recency = 1

)

select * from final
