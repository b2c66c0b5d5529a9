{{ config(
    materialized='incremental',
    incremental_strategy='replace_all'
) }}

with customers as (

    select * from {{ ref('int_billing__customer_accounts') }}

),

spellings as (

    select * from {{ ref('int_policy__segments_matched') }}

),

jobs as (

    select * from {{ ref('int_rep__current_jobs') }}

),

accounts as (

    select
        account_id,
        name
    from {{ ref('int_crm__known_accounts') }}

),

changed as (

    select * from {{ ref('int_crm__known_accounts') }}
    where {{ only_changed(
        'int_crm__accounts_changed', 'account_id', within=ref('int_crm__known_accounts')
    ) }}

),

-- what the CRM names needs no other name
customer_names as (

    select
        customers.account_id,
        min(customers.name) as name
    from customers
    left join accounts
        on customers.account_id = accounts.account_id
    where accounts.name is null
    group by customers.account_id

),

-- deals and invoices may name an account the CRM extract no longer holds
named_elsewhere as (

    select account_id from customer_names
    union
    select deals.account_id
    from {{ ref('int_crm__known_opportunities') }} as deals
    left join accounts
        on deals.account_id = accounts.account_id
    where accounts.account_id is null and deals.account_id is not null

),

final as (

    select
        coalesce(changed.account_id, named_elsewhere.account_id) as account_id,
        changed.parent_account_id,
        changed.owner_rep_id,
        changed.industry,
        changed.employee_count,
        changed.city,
        changed.country,
        changed.latitude,
        changed.longitude,
        changed.created_on,
        spellings.segment_id as given_segment_id,
        changed.account_id is null as is_inferred,
        coalesce(
            changed.name,
            customer_names.name,
            changed.account_id,
            named_elsewhere.account_id
        ) as name,
        coalesce(changed.region_name, jobs.region_id, 'unassigned') as region_id
    from changed
    full outer join named_elsewhere
        on changed.account_id = named_elsewhere.account_id
    left join customer_names
        on named_elsewhere.account_id = customer_names.account_id
    left join jobs
        on changed.owner_rep_id = jobs.rep_id
    left join spellings
        on changed.segment_name = spellings.segment_name

)

select * from final
