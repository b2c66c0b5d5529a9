with policy as (

    select * from {{ ref('stg_reference__matching') }}

),

decided as (

    select
        crm_id as account_id,
        other_id as other_account_id
    from {{ ref('int_crm__known_crosswalks') }}
    where kind = 'account'
    union
    select
        other_id as account_id,
        crm_id as other_account_id
    from {{ ref('int_crm__known_crosswalks') }}
    where kind = 'account'

),

accounts as (

    select * from {{ ref('int_quality__account_names') }}
    where company <> ''

),

pairs as (

    select
        older.account_id,
        newer.account_id as other_account_id,
        older.company = newer.company as has_same_name,
        older.company,
        newer.company as other_company,
        coalesce(older.city = newer.city, false) as has_same_city,
        coalesce(older.city <> newer.city or older.country <> newer.country, false)
            as is_elsewhere,
        older.form <> newer.form and older.form <> '' and newer.form <> ''
            as has_other_form
    from accounts as older
    inner join accounts as newer
        on
            older.company = newer.company
            and coalesce(older.created_on, {{ start_of_time() }})
            <= coalesce(newer.created_on, {{ start_of_time() }})
            and (
                coalesce(older.created_on, {{ start_of_time() }})
                < coalesce(newer.created_on, {{ start_of_time() }})
                or older.account_id < newer.account_id
            )

    union all

    -- likeness is asked for by the policy, within a country and the first letters
    select
        older.account_id,
        newer.account_id as other_account_id,
        false as has_same_name,
        older.company,
        newer.company as other_company,
        coalesce(older.city = newer.city, false) as has_same_city,
        coalesce(older.city <> newer.city, false) as is_elsewhere,
        older.form <> newer.form and older.form <> '' and newer.form <> ''
            as has_other_form
    from accounts as older
    inner join accounts as newer
        on
            left(older.company, 4) = left(newer.company, 4)
            and older.country = newer.country
            and older.company <> newer.company
            and older.account_id < newer.account_id
    inner join policy
        on
            policy.accounts_min_score_share is not null
            and {{ likeness('older.company', 'newer.company') }}
            >= policy.accounts_min_score_share

),

final as (

    select pairs.*
    from pairs
    left join decided
        on
            pairs.account_id = decided.account_id
            and pairs.other_account_id = decided.other_account_id
    where decided.account_id is null

)

select * from final
