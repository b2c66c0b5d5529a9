with accounts as (

    select * from {{ ref('int_crm__accounts_segmented') }}

),

bookings as (

    select * from {{ ref('fct_bookings') }}

),

pipeline as (

    select
        account_id,
        cast(sum(amount_cents) as bigint) as open_pipeline_cents
    from {{ ref('int_crm__opportunities_valued') }}
    where not is_closed
    group by account_id

),

run as (

    select * from {{ ref('stg_reference__run') }}

),

won as (

    select
        bookings.account_id,
        cast(
            sum(
                case
                    when bookings.booked_on > {{ add_months(-12, 'run.data_through') }}
                        then bookings.amount_cents
                    else 0
                end
            ) as bigint
        ) as bookings_12m_cents
    from bookings
    cross join run
    group by bookings.account_id

),

families as (

    select * from {{ ref('int_crm__account_families') }}

),

territories as (

    select
        account_id,
        territory_id
    from {{ ref('dim_account_territory_history') }}
    where is_latest

),

billed as (

    select distinct account_id
    from {{ ref('int_billing__customer_accounts') }}

),

final as (

    select
        accounts.account_id,
        accounts.name,
        accounts.parent_account_id,
        coalesce(families.family_account_id, accounts.account_id) as family_account_id,
        territories.territory_id,
        accounts.owner_rep_id,
        accounts.segment_id,
        accounts.segmented_by,
        accounts.region_id,
        accounts.country,
        accounts.city,
        accounts.industry,
        accounts.employee_count,
        accounts.latitude,
        accounts.longitude,
        accounts.created_on,
        won.account_id is not null or billed.account_id is not null as is_customer,
        accounts.is_inferred,
        coalesce(won.bookings_12m_cents, 0) as bookings_12m_cents,
        coalesce(pipeline.open_pipeline_cents, 0) as open_pipeline_cents,
        run.as_of
    from accounts
    cross join run
    left join families
        on accounts.account_id = families.account_id
    left join territories
        on accounts.account_id = territories.account_id
    left join won
        on accounts.account_id = won.account_id
    left join pipeline
        on accounts.account_id = pipeline.account_id
    left join billed
        on accounts.account_id = billed.account_id

)

select * from final
