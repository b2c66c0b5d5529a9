{# Spells of one key never share a day; valid_to is the last day, null while open. #}
{% test spells_do_not_overlap(model, key, valid_from='valid_from', valid_to='valid_to') %}

    select *
    from (
        select
            {{ valid_from }} as starts_on,
            lag(coalesce({{ valid_to }}, {{ end_of_time() }})) over (
                partition by {{ key | join(', ') }} order by {{ valid_from }}
            ) as previous_ends_on
        from {{ model }}
    ) as spells
    where previous_ends_on >= starts_on

{% endtest %}
