{#
    Every contract ever delivered was delivered again within so many days of the night.

    days : what contracts promise
    slower : days by contract, of those that promise less often
#}
{% test delivered_lately(model, days, slower={}) %}

    select
        loads.contract,
        max(loads.known_on) as last_known_on
    from {{ model }} as loads
    inner join {{ ref('stg_reference__run') }} as run
        on loads.known_on <= run.as_of
    where not loads.is_refused
    group by loads.contract, run.as_of
    having
        max(loads.known_on)
        < case loads.contract
            {%- for contract, promised in slower.items() %}
            when '{{ contract }}' then {{ add_days(-promised, 'run.as_of') }}
            {%- endfor %}
            else {{ add_days(-days, 'run.as_of') }}
        end

{% endtest %}
