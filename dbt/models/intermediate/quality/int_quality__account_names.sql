{{ config(
    materialized='incremental',
    incremental_strategy='replace_told',
    unique_key='account_id',
    meta={'told': 'stg_crm__accounts'}
) }}

with plain as (

    select
        accounts.account_id,
        accounts.created_on,
        lower(trim(accounts.city)) as city,
        lower(trim(accounts.country)) as country,
        {{ plain_text('accounts.name') }} as plain
    from {{ ref('int_crm__known_accounts') }} as accounts
    where {{ only_told(ref('stg_crm__accounts'), 'account_id', of='accounts') }}

),

final as (

    select
        account_id,
        created_on,
        city,
        country,
        {{ company_name('plain') }} as company,
        {{ legal_form('plain') }} as form
    from plain

)

select * from final
