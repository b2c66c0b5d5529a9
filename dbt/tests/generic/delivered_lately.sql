{# Every contract ever delivered was delivered again within so many days of the night. #}
{% test delivered_lately(model, days) %}

    select
        loads.contract,
        max(loads.known_on) as last_known_on
    from {{ model }} as loads
    inner join {{ ref('stg_reference__run') }} as run
        on loads.known_on <= run.as_of
    where not loads.is_refused
    group by loads.contract, run.as_of
    having max(loads.known_on) < {{ add_days(-days, 'run.as_of') }}

{% endtest %}
