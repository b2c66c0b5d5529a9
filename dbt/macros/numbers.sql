{# An amount in currency units as whole cents; half a cent rounds away from zero. #}
{% macro to_cents(amount) -%}
    cast(round({{ amount }} * 100) as bigint)
{%- endmacro %}

{# A share; null where there is nothing to divide by, on every engine. #}
{% macro ratio(part, whole) -%}
    (cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0))
{%- endmacro %}

{# Floats are summed in any order, so their last bits differ from run to run. #}
{% macro stable(number) -%}
    round({{ number }}, 9)
{%- endmacro %}

{# The same of numbers that may be shares or cents: nine places of a large one are noise. #}
{% macro stable_measure(number) -%}
    case
        when abs({{ number }}) >= 1000 then round({{ number }}, 4)
        else round({{ number }}, 9)
    end
{%- endmacro %}

{#
    The part of a whole amount that falls between two places of a row of n equal
    steps, rounded so that the parts over all steps sum to the whole exactly.
#}
{% macro part_of(amount, steps_before, steps_after, steps) -%}
    (
        cast(round(cast({{ amount }} as double) * ({{ steps_after }}) / {{ steps }}) as bigint)
        - cast(round(cast({{ amount }} as double) * ({{ steps_before }}) / {{ steps }}) as bigint)
    )
{%- endmacro %}

{# True where a comma list, such as a policy's, holds the value; case does not count. #}
{% macro is_listed(value, list) -%}
    position(
        ',' || lower(trim({{ value }})) || ','
        in ',' || replace(lower({{ list }}), ', ', ',') || ','
    ) > 0
{%- endmacro %}

{% macro as_text(value) -%}
    cast({{ value }} as {{ dbt.type_string() }})
{%- endmacro %}

{# A share as whole percent, for people. #}
{% macro as_percent(share) -%}
    cast(cast(round(100 * {{ share }}) as bigint) as {{ dbt.type_string() }}) || ' %'
{%- endmacro %}

{# What stands before the first colon of an id made of two. #}
{% macro before_colon(id) -%}
    {{ dbt.split_part(id, "':'", 1) }}
{%- endmacro %}

{# A currency as ISO 4217 spells it. #}
{% macro currency_code(currency) -%}
    upper(trim({{ currency }}))
{%- endmacro %}

{# An amount of cents at an exchange rate; half a cent rounds away from zero. #}
{% macro exchanged(amount, rate) -%}
    cast(round({{ amount }} * {{ rate }}) as bigint)
{%- endmacro %}

{# Text as a number; null where it is none. #}
{% macro number_or_null(value) -%}
    {{ return(adapter.dispatch('number_or_null')(value)) }}
{%- endmacro %}

{% macro default__number_or_null(value) -%}
    try_cast({{ value }} as double)
{%- endmacro %}

{% macro postgres__number_or_null(value) -%}
    case
        when {{ value }} ~ '^\s*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?\s*$'
            then cast({{ value }} as double precision)
    end
{%- endmacro %}
