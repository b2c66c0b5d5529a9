{#
    An incremental strategy: the rows of every key in a table of changed keys give way to
    those the model makes now. Unlike delete+insert it also removes keys that are gone.

    The model's meta names the table of keys (changed), which its own SQL reads too, and
    rows that a new night makes outdated whatever their key (outdated). Every row is then
    stamped with the night, so that the table is the one a full refresh makes. Not
    microbatch: dbt-duckdb refuses a unique key there and dbt-postgres demands one.
#}
{% macro get_incremental_replace_changed_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set told = config.get('meta') -%}
    delete from {{ target }}
    where {{ arg_dict['unique_key'] }} in (
        select {{ arg_dict['unique_key'] }} from {{ ref(told['changed']) }}
    );
    delete from {{ target }}
    where exists (
        select 1 from {{ ref('stg_reference__run') }} as run
        where {{ told['outdated'] }}
    );
    update {{ target }} set as_of = (
        select run.as_of from {{ ref('stg_reference__run') }} as run
    );
    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}


{# A fingerprint of one row; the same values give the same text in one version of an engine. #}
{% macro digest_of(columns) -%}
    {{ return(adapter.dispatch('digest_of')(columns)) }}
{%- endmacro %}

{% macro default__digest_of(columns) -%}
    md5(concat_ws('|'{% for column in columns %}, coalesce(cast({{ column }} as {{ dbt.type_string() }}), '~'){% endfor %}))
{%- endmacro %}

{% macro duckdb__digest_of(columns) -%}
    cast(hash({{ columns | join(', ') }}) as varchar)
{%- endmacro %}

{# A fingerprint of the rows of a group, in whatever order they come. #}
{% macro digest_of_rows(columns) -%}
    {{ return(adapter.dispatch('digest_of_rows')(columns)) }}
{%- endmacro %}

{% macro duckdb__digest_of_rows(columns) -%}
    cast(bit_xor(hash({{ columns | join(', ') }})) as varchar)
{%- endmacro %}

{% macro spark__digest_of_rows(columns) -%}
    cast(bit_xor(xxhash64({{ columns | join(', ') }})) as string)
{%- endmacro %}

{% macro postgres__digest_of_rows(columns) -%}
    cast(sum(hashtextextended(concat_ws('|'{% for column in columns %}, coalesce(cast({{ column }} as text), '~'){% endfor %}), 0)) as text)
{%- endmacro %}
