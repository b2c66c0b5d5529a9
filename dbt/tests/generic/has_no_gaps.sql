{# No row lacks any of the columns; one query for all of them. #}
{% test has_no_gaps(model, columns) %}

    select {{ columns | join(', ') }}
    from {{ model }}
    where {% for column in columns %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}

{% endtest %}
