{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='account_id',
    meta={'changed': 'int_crm__accounts_changed'}
) }}

with versions as (

    select * from {{ ref('stg_crm__accounts') }}

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

segments as (

    select * from {{ ref('int_policy__segments_matched') }}

),

in_order as (

    select
        versions.*,
        run.as_of,
        lead(versions.known_on) over (
            partition by versions.account_id order by versions.known_on
        ) as next_known_on,
        row_number() over (
            partition by versions.account_id order by versions.known_on
        ) as place
    from versions
    inner join run
        on versions.known_on <= run.as_of
    where {{ only_changed('int_crm__accounts_changed', 'account_id', 'versions') }}

),

final as (

    -- the CRM keeps no past owners: what a version says is taken to be true from its
    -- last change, or for the first version from the creation of the account
    select
        in_order.account_id,
        in_order.owner_rep_id,
        segments.segment_id as given_segment_id,
        in_order.region_name,
        in_order.employee_count,
        in_order.industry,
        case
            when in_order.place = 1
                then coalesce(in_order.created_on, in_order.known_on)
            else least(
                coalesce(in_order.modified_on, in_order.known_on), in_order.known_on
            )
        end as valid_from,
        in_order.known_on as known_from,
        {{ add_days(-1, 'in_order.next_known_on') }} as known_to,
        in_order.next_known_on is null as is_current,
        in_order.as_of
    from in_order
    left join segments
        on in_order.segment_name = segments.segment_name
    where not in_order.is_deleted

)

select * from final
