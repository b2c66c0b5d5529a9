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

{# A date later than any other, for open ends. #}
{% macro end_of_time() -%}
    cast('9999-12-31' as date)
{%- endmacro %}

{# A date earlier than any other, for what has always been so. #}
{% macro start_of_time() -%}
    cast('1900-01-01' as date)
{%- endmacro %}

{# Text that begins with a day, as in 2026-01-31T08:00, as a date; null where it does not. #}
{% macro date_or_null(value) -%}
    {{ return(adapter.dispatch('date_or_null')(value)) }}
{%- endmacro %}

{% macro default__date_or_null(value) -%}
    try_cast(substring(trim({{ value }}), 1, 10) as date)
{%- endmacro %}

{% macro postgres__date_or_null(value) -%}
    case
        when trim({{ value }}) ~ '^[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])'
            then cast(substring(trim({{ value }}), 1, 10) as date)
    end
{%- endmacro %}
