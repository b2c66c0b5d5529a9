with run as (

    select * from {{ ref('stg_reference__run') }}

),

last as (

    select * from {{ ref('stg_reference__last_build') }}

),

told as (

    {% for said in ['opportunities', 'opportunity_changes', 'opportunity_field_history',
                    'opportunity_splits'] -%}
        select
            opportunity_id,
            known_on
        from {{ ref('stg_crm__' ~ said) }}
        {% if not loop.last %}
            union all
        {% endif %}
    {%- endfor %}

),

final as (

    select distinct told.opportunity_id
    from told
    cross join run
    cross join last
    where {{ is_news('told.known_on') }}

)

select * from final
