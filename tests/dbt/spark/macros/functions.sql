{# Spark 3.3 and later know DATEADD and DATEDIFF with a unit, as dbt's defaults write them. #}
{% macro spark__type_string() -%} string {%- endmacro %}
