{# Date arithmetic that reads the same on every engine. All return dates or whole days. #}

{% macro add_months(months, day) -%}
    cast({{ dbt.dateadd('month', months, day) }} as date)
{%- endmacro %}

{% macro add_days(days, day) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}

{# Whole days from the first to the second; negative when the second is earlier. #}
{% macro days_between(first, second) -%}
    {{ dbt.datediff(first, second, 'day') }}
{%- endmacro %}

{# Months from the first to the second by mean length of a month, as a float. #}
{% macro months_between(first, second) -%}
    cast({{ dbt.datediff(first, second, 'day') }} / 30.4375 as double)
{%- endmacro %}

{# Whole calendar months from the month of the first to the month of the second. #}
{% macro whole_months_between(first, second) -%}
    {{ dbt.datediff(first, second, 'month') }}
{%- endmacro %}

{# True on Sundays, the last day of an ISO week; 2 January 2000 was one. #}
{% macro is_week_end(day) -%}
    mod({{ dbt.datediff("cast('2000-01-02' as date)", day, 'day') }}, 7) = 0
{%- endmacro %}

{# A date later than any other, for open ends. #}
{% macro end_of_time() -%}
    cast('9999-12-31' as date)
{%- endmacro %}
