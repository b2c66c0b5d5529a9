with run as (

    select * from {{ ref('stg_reference__run') }}

),

-- none where all is made anew: then every customer is newly linked
last as (

    select *
    from {{ ref('stg_reference__last_build') }}
    where as_of is not null

),

invoices as (

    select * from {{ ref('int_billing__known_invoices') }}

),

notes as (

    select * from {{ ref('int_billing__known_credit_notes') }}

),

rates as (

    select * from {{ ref('int_currency__rates_changed') }}

),

-- whatever a record named before counts as well: its rows are still there
invoices_told as (

    {% for said, key in [('invoices', 'invoice_id'), ('invoice_lines', 'line_id'),
                         ('credit_notes', 'credit_note_id')] -%}
        select versions.invoice_id
        from {{ ref('stg_billing__' ~ said) }} as versions
        where
            versions.{{ key }} in (
                select news.{{ key }}
                from {{ ref('stg_billing__' ~ said) }} as news
                cross join run
                cross join last
                where {{ is_news('news.known_on') }}
            )
        {% if not loop.last %}
            union
        {% endif %}
    {%- endfor %}

),

final as (

    select versions.customer_id
    from {{ ref('stg_billing__invoices') }} as versions
    inner join invoices_told
        on versions.invoice_id = invoices_told.invoice_id

    union

    -- not of items: a new version of one tells of no day before tonight
    select versions.customer_id
    from {{ ref('stg_billing__subscriptions') }} as versions
    where
        versions.subscription_id in (
            select news.subscription_id
            from {{ ref('stg_billing__subscriptions') }} as news
            cross join run
            cross join last
            where {{ is_news('news.known_on') }}
        )

    union

    -- issued on a day that was not covered yet
    select invoices.customer_id
    from invoices
    left join notes
        on invoices.invoice_id = notes.invoice_id
    cross join last
    where
        invoices.issued_on > last.data_through
        or notes.issued_on > last.data_through

    union

    -- valued at another rate
    select invoices.customer_id
    from invoices
    left join notes
        on invoices.invoice_id = notes.invoice_id
    inner join rates
        on
            (
                {{ currency_code('invoices.currency') }} = rates.currency
                or {{ currency_code('notes.currency') }} = rates.currency
            )
            and invoices.issued_on >= rates.valid_from
    cross join last

    union

    -- recurring revenue is at the policy's rate; a currency it forgot has the newest
    select customers.customer_id
    from {{ ref('int_billing__customer_accounts') }} as customers
    inner join rates
        on {{ currency_code('customers.currency') }} = rates.currency
    left join {{ ref('stg_reference__plan_rates') }} as plan_rates
        on rates.currency = plan_rates.currency
    cross join last
    where plan_rates.currency is null

)

select * from final
