with users as (

    select * from {{ ref('int_crm__known_users') }}

),

quotas as (

    select * from {{ ref('int_crm__known_quotas') }}

),

members as (

    select * from {{ ref('int_crm__known_territory_members') }}

),

jobs as (

    select * from {{ ref('int_rep__current_jobs') }}

),

spellings as (

    select * from {{ ref('int_policy__roles_matched') }}

),

roles as (

    select * from {{ ref('stg_reference__roles') }}

),

evidence as (

    select
        rep_id,
        coalesce(created_on, close_date) as seen_on,
        case when is_won then close_date end as won_on,
        1 as has_deals,
        0 as has_quota
    from {{ ref('int_crm__known_opportunities') }}

    union all

    select
        splits.rep_id,
        coalesce(opportunities.created_on, opportunities.close_date) as seen_on,
        case when opportunities.is_won then opportunities.close_date end as won_on,
        case when splits.split_type = 'revenue' then 1 else 0 end as has_deals,
        0 as has_quota
    from {{ ref('int_crm__known_opportunity_splits') }} as splits
    inner join {{ ref('int_crm__known_opportunities') }} as opportunities
        on splits.opportunity_id = opportunities.opportunity_id

    union all

    select
        rep_id,
        period_start as seen_on,
        null as won_on,
        0 as has_deals,
        1 as has_quota
    from quotas

    union all

    select
        rep_id,
        started_on as seen_on,
        null as won_on,
        0 as has_deals,
        0 as has_quota
    from members

    union all

    select
        users.user_id as rep_id,
        jobs.hired_on as seen_on,
        null as won_on,
        0 as has_deals,
        0 as has_quota
    from users
    left join jobs
        on users.user_id = jobs.rep_id
    left join spellings
        on users.role_name = spellings.role_name
    inner join roles
        on coalesce(jobs.role, spellings.role) = roles.role
    where roles.is_quota_bearing

),

final as (

    select
        rep_id,
        min(seen_on) as first_seen_on,
        max(won_on) as last_won_on,
        max(has_deals) = 1 as has_deals,
        max(has_quota) = 1 as has_quota
    from evidence
    group by rep_id

)

select * from final
