{# Over the rows of each group the parts sum to the whole, which all of them state. #}
{% test parts_sum_to(model, columns, part, whole) %}

    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having sum({{ part }}) <> min({{ whole }}) or min({{ whole }}) <> max({{ whole }})

{% endtest %}
