with spellings as (

    select role_name from {{ ref('stg_hris__job_changes') }}
    union
    select role_name from {{ ref('stg_hris__positions') }}
    union
    select role_name from {{ ref('stg_hris__requisitions') }}
    union
    select role_name from {{ ref('stg_crm__users') }}

),

roles as (

    select * from {{ ref('stg_reference__roles') }}

),

final as (

    -- min: where two roles claim one spelling, the same one wins every night
    select
        spellings.role_name,
        min(roles.role) as role
    from spellings
    inner join roles
        on
            lower(trim(spellings.role_name)) = lower(roles.role)
            or {{ is_listed('spellings.role_name', 'roles.role_names') }}
    group by spellings.role_name

)

select * from final
