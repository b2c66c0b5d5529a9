{#
    A condition that leaves only what a night has to make again; true in a first build.

    changed : name of the model that lists the keys to make again
    key : its column
    of : alias of what the column is held in, where it has to be told
    within : the table it is held in, where its rows are wide; none for a view
#}
{% macro only_changed(changed, key, of=none, within=none) -%}
    {#- unit tests have no table to go on from; parsing names the list, to build it first -#}
    {%- set goes_on = this is not none and is_incremental() -%}
    {%- set keys = ref(changed) if not execute or goes_on -%}
    {%- if goes_on -%}
        {{ rows_of_keys(keys, key, of, within) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{# A condition that leaves the rows whose key is one of a list's. #}
{% macro rows_of_keys(keys, key, of, within) -%}
    {{ return(adapter.dispatch('rows_of_keys')(keys, key, of, within)) }}
{%- endmacro %}

{% macro default__rows_of_keys(keys, key, of, within) -%}
    {{ of ~ '.' if of }}{{ key }} in (select changed.{{ key }} from {{ keys }} as changed)
{%- endmacro %}

{#
    DuckDB reads every column of a row to learn that its key is not listed. Looking for
    the rows first, by the key alone, takes a quarter of the time.
#}
{% macro duckdb__rows_of_keys(keys, key, of, within) -%}
    {%- if within is none -%}
        {{ default__rows_of_keys(keys, key, of, within) }}
    {%- else -%}
        {{ of ~ '.' if of }}rowid in (
            select held.rowid
            from {{ within }} as held
            where {{ default__rows_of_keys(keys, key, 'held', none) }}
        )
    {%- endif -%}
{%- endmacro %}


{#
    A condition on days, beside `only_changed`: not wholly covered by the build this night
    goes on from, so that rows of theirs are made again whatever their deal. False in a
    first build, which makes all of them anyway.
#}
{% macro is_uncovered(day) -%}
    {#- as above -#}
    {%- set goes_on = this is not none and is_incremental() -%}
    {%- set last = ref('stg_reference__last_build') if not execute or goes_on -%}
    {%- if goes_on -%}
        {{ day }} >= (select last.data_through from {{ last }} as last)
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}


{#
    A condition on raw rows: learned since the build this night goes on from. Everything
    is news where there is none. The query has to hold stg_reference__last_build as `last`
    and stg_reference__run as `run`.
#}
{% macro is_news(known_on) -%}
    {{ known_on }} <= run.as_of and {{ known_on }} > coalesce(last.as_of, {{ start_of_time() }})
{%- endmacro %}


{#
    The keys of a staging model of which anything was told since the last build; the key
    is the name of a column, or a list of such.
#}
{% macro told_lately(relation, key) -%}
    {%- set keys = [key] if key is string else key -%}
    select {% for one in keys %}news.{{ one }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ relation }} as news
    cross join {{ ref('stg_reference__run') }} as run
    cross join {{ ref('stg_reference__last_build') }} as last
    where {{ is_news('news.known_on') }}
{%- endmacro %}


{#
    A condition on `every_version` of `as_known`, for models of the strategy below that
    replace what was told: leaves only the keys of which anything was told.
#}
{% macro only_told(relation, key, of='every_version') -%}
    {%- set goes_on = this is not none and is_incremental() -%}
    {%- set told = told_lately(relation, key) if not execute or goes_on -%}
    {%- if goes_on -%}
        {{ of }}.{{ key }} in ({{ told }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#
    The same where the key tells the rows apart: what is known of one told again is what
    was told last, so that no older version has to be read.
#}
{% macro only_news() -%}
    {%- set goes_on = this is not none and is_incremental() -%}
    {%- set last = ref('stg_reference__last_build') if not execute or goes_on -%}
    {%- if goes_on -%}
        every_version.known_on > (select last.as_of from {{ last }} as last)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#
    An incremental strategy for rows as known: those of every key of which anything was
    told since the last build give way to what is known now, if anything. The model's
    meta names the staging model (told).
#}
{% macro get_incremental_replace_told_sql(arg_dict) -%}
    {%- set keys = [arg_dict['unique_key']] if arg_dict['unique_key'] is string
        else arg_dict['unique_key'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }}
    where ({{ keys | join(', ') }}) in (
        {{ told_lately(ref(config.get('meta')['told']), keys) }}
    );
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}


{#
    An incremental strategy for a step between incremental models: the table holds what
    this night made, and nothing of the nights before, so that those who read it read no
    more than has changed.
#}
{% macro get_incremental_replace_all_sql(arg_dict) -%}
    {{ return(adapter.dispatch('replace_all')(arg_dict)) }}
{%- endmacro %}

{% macro default__replace_all(arg_dict) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }};
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}

{# DuckDB marks every row it deletes, of which there are millions after a first build. #}
{% macro duckdb__replace_all(arg_dict) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    create or replace table {{ arg_dict['target_relation'] }} as
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}


{#
    An incremental strategy: the rows of every key in a list of changed keys give way to
    those the model makes now. Unlike delete+insert it also removes keys that are gone.

    The model's meta names the list (changed), which its own SQL reads through
    `only_changed`, and rows that a new night makes outdated whatever their key
    (outdated, told of the `run` and of the `last` build). Where rows say the night in
    as_of, all are stamped with it, so that the table is the one a full refresh makes. Not
    microbatch: dbt-duckdb refuses a unique key there and dbt-postgres demands one.
#}
{% macro get_incremental_replace_changed_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set names = arg_dict['dest_columns'] | map(attribute='name') | list -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set told = config.get('meta') -%}
    delete from {{ target }}
    where {{ arg_dict['unique_key'] }} in (
        select {{ arg_dict['unique_key'] }} from {{ ref(told['changed']) }}
    );
    {% if told['outdated'] %}
    delete from {{ target }}
    where exists (
        select 1
        from (select 1 as one) as once
        {% for night, rows in {'run': 'run', 'last': 'last_build'}.items()
            if night ~ '.' in told['outdated'] %}
        cross join {{ ref('stg_reference__' ~ rows) }} as {{ night }}
        {% endfor %}
        where {{ told['outdated'] }}
    );
    {% endif %}
    {% if 'as_of' in names %}
    update {{ target }} set as_of = (
        select run.as_of from {{ ref('stg_reference__run') }} as run
    );
    {% endif %}
    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}


{#
    The same for rows by month: those of every key from a month on give way, however many
    months rest. The model's meta names the list that says from which day on (due), which
    its own SQL joins.
#}
{% macro get_incremental_replace_due_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set due = ref(config.get('meta')['due']) -%}
    {%- set key = arg_dict['unique_key'] -%}
    {%- set names = arg_dict['dest_columns'] | map(attribute='name') | list -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ target }}
    where {{ key }} in (
        select {{ key }} from {{ due }} where due_from = {{ start_of_time() }}
    );
    delete from {{ target }}
    where month_start >= (select max(due_from) from {{ due }});
    {% if 'as_of' in names %}
    update {{ target }} set as_of = (
        select run.as_of from {{ ref('stg_reference__run') }} as run
    );
    {% endif %}
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
