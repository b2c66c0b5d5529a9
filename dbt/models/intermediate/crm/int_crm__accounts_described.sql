with customers as (

    select * from {{ ref('int_billing__customer_accounts') }}

),

spellings as (

    select * from {{ ref('int_policy__segments_matched') }}

),

jobs as (

    select * from {{ ref('int_rep__current_jobs') }}

),

customer_names as (

    select
        account_id,
        min(name) as name
    from customers
    group by account_id

),

-- deals and invoices may name an account the CRM extract no longer holds
every_account as (

    select account_id from {{ ref('int_crm__known_accounts') }}
    union
    select account_id from {{ ref('int_crm__known_opportunities') }}
    union
    select account_id from customers

),

final as (

    select
        every_account.account_id,
        accounts.parent_account_id,
        accounts.owner_rep_id,
        accounts.industry,
        accounts.employee_count,
        accounts.city,
        accounts.country,
        accounts.latitude,
        accounts.longitude,
        accounts.created_on,
        spellings.segment_id as given_segment_id,
        accounts.account_id is null as is_inferred,
        coalesce(
            accounts.name, customer_names.name, every_account.account_id
        ) as name,
        coalesce(accounts.region_name, jobs.region_id, 'unassigned') as region_id
    from every_account
    left join {{ ref('int_crm__known_accounts') }} as accounts
        on every_account.account_id = accounts.account_id
    left join customer_names
        on every_account.account_id = customer_names.account_id
    left join jobs
        on accounts.owner_rep_id = jobs.rep_id
    left join spellings
        on accounts.segment_name = spellings.segment_name

)

select * from final
