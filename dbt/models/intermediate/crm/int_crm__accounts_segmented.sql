{{ config(
    materialized='incremental',
    incremental_strategy='replace_changed',
    unique_key='account_id',
    meta={'changed': 'int_crm__accounts_changed', 'outdated': 'is_inferred'}
) }}

-- whose rows give way hangs on the list
-- depends_on: {{ ref('int_crm__accounts_changed') }}
with accounts as (

    select * from {{ ref('int_crm__accounts_described') }}

),

segments as (

    select * from {{ ref('stg_reference__segments') }}

),

rules as (

    -- a default segment without limits is not a rule: it takes what no rule took
    select *
    from segments
    where
        not is_default
        or min_employee_count is not null
        or max_employee_count is not null
        or coalesce(region_names, '') <> ''
        or coalesce(country_names, '') <> ''

),

matches as (

    select
        accounts.account_id,
        rules.segment_id,
        row_number() over (
            partition by accounts.account_id order by rules.segment_rank
        ) as place
    from accounts
    inner join rules
        on
            (
                rules.min_employee_count is null
                or accounts.employee_count >= rules.min_employee_count
            )
            and (
                rules.max_employee_count is null
                or accounts.employee_count <= rules.max_employee_count
            )
            and (
                coalesce(rules.region_names, '') = ''
                or {{ is_listed('accounts.region_id', 'rules.region_names') }}
            )
            and (
                coalesce(rules.country_names, '') = ''
                or {{ is_listed('accounts.country', 'rules.country_names') }}
            )

),

defaults as (

    select min(segment_id) as segment_id
    from segments
    where is_default

),

final as (

    select
        accounts.account_id,
        accounts.parent_account_id,
        accounts.owner_rep_id,
        accounts.industry,
        accounts.employee_count,
        accounts.city,
        accounts.country,
        accounts.latitude,
        accounts.longitude,
        accounts.created_on,
        accounts.given_segment_id,
        accounts.is_inferred,
        accounts.name,
        accounts.region_id,
        coalesce(
            accounts.given_segment_id, matches.segment_id, defaults.segment_id
        ) as segment_id,
        case
            when accounts.given_segment_id is not null then 'given'
            when matches.segment_id is not null then 'rule'
            else 'default'
        end as segmented_by
    from accounts
    cross join defaults
    left join matches
        on accounts.account_id = matches.account_id and matches.place = 1

)

select * from final
