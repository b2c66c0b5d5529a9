{% set capabilities = [
    ('bookings', 'crm-opportunities', ref('int_crm__known_opportunities'), 'is_won',
     'bookings, attainment, ramp, productivity and every forecast',
     'no won opportunity is known'),
    ('open_pipeline', 'crm-opportunities', ref('int_crm__known_opportunities'),
     'not is_closed',
     'open pipeline, coverage and the pipeline part of the forecast',
     'no open opportunity is known'),
    ('stage_history', 'crm-opportunity-history',
     ref('int_crm__opportunity_paths'), 'true',
     'past pipeline, pushes, slippage and stage conversion',
     'no past state of an opportunity is known'),
    ('products', 'crm-products', ref('int_crm__known_products'), 'true',
     'launches and bookings by product family', 'no product is described'),
    ('territories', 'crm-territory-members', ref('int_crm__known_territory_members'),
     'true', 'territory history and vacancies', 'nobody is known to work a territory'),
    ('quotas', 'crm-quotas', ref('int_crm__known_quotas'), 'true',
     'attainment before the first published plan', 'no quota in force is known'),
    ('identities', 'crm-users', ref('int_rep__current_jobs'), 'worker_id is not null',
     'tenure, ramp, leave and departures of reps',
     'no CRM user shares an employee number or e-mail with a worker'),
    ('terminations', 'hris-workers', ref('int_hris__known_workers'),
     'left_on is not null',
     'attrition from history and leavers by month; the prior of the policy stands in',
     'no worker has a termination date'),
    ('positions', 'hris-positions', ref('int_hris__known_positions'), 'true',
     'open seats; one seat for each rep stands in', 'no position is known'),
    ('leaves', 'hris-leaves', ref('int_hris__known_leaves'), 'true',
     'absence in capacity and active share', 'no leave is known'),
    ('compensation', 'hris-compensation', ref('int_hris__known_compensation'), 'true',
     'actual pay; the pay by role of the policy stands in', 'no pay is known'),
    ('subscriptions', 'billing-subscriptions', ref('int_billing__known_subscriptions'),
     'true', 'recurring revenue, its movements and retention',
     'no subscription is known'),
    ('invoices', 'billing-invoices', ref('int_billing__known_invoices'), 'true',
     'invoiced and recognised revenue, and reconciliation with billing',
     'no invoice is known'),
    ('geography', 'crm-accounts', ref('int_crm__known_accounts'),
     'latitude is not null and longitude is not null',
     'travel distance in territories', 'no account has a latitude and longitude'),
    ('splits', 'crm-opportunity-splits', ref('int_crm__known_opportunity_splits'), 'true',
     'credit shared between reps, and overlays; the owner has the whole credit',
     'no split is known'),
    ('exchange_rates', 'crm-exchange-rates', ref('int_crm__known_exchange_rates'), 'true',
     'amounts at the rate of their day; rates of the policy, or par, stand in',
     'no exchange rate is known'),
    ('account_territories', 'crm-account-territories',
     ref('int_crm__known_account_territories'), 'true', 'the territory of an account',
     'no account is known to lie in a territory'),
    ('requisitions', 'hris-requisitions', ref('int_hris__known_requisitions'), 'true',
     'hires under way and days to fill a seat', 'no requisition is known'),
    ('credit_notes', 'billing-credit-notes', ref('int_billing__known_credit_notes'),
     'true', 'credits against invoices; revenue ignores them', 'no credit note is known'),
    ('expenses', 'finance-actuals', ref('int_finance__known_actuals'),
     'actual_cents is not null',
     'margin, magic number, cost of acquisition, its payback and the Rule of 40',
     'no expense is booked'),
] %}
{# where a row stands for several: how many #}
{% set counted = {'stage_history': 'cast(coalesce(sum(changes_count), 0) as bigint)'} %}

with run as (

    select * from {{ ref('stg_reference__run') }}

),

capabilities as (

    {% for capability, contract, relation, condition, needed_for, why_not in capabilities %}
        select
            '{{ capability }}' as capability,
            '{{ contract }}' as contract,
            '{{ needed_for }}' as needed_for,
            '{{ why_not }}' as why_not,
            {{ counted.get(capability, 'count(*)') }} as rows_count
        from {{ relation }}
        where {{ condition }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    select
        capabilities.capability,
        capabilities.contract,
        capabilities.rows_count > 0 as is_supplied,
        capabilities.rows_count,
        case
            when capabilities.rows_count = 0 then capabilities.needed_for
        end as what_is_not_computed,
        case when capabilities.rows_count = 0 then capabilities.why_not end as why,
        run.as_of
    from capabilities
    cross join run

)

select * from final
