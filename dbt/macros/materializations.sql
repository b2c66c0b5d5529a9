{#
    Tables and views on DuckDB, replaced in one statement inside dbt's transaction.

    The adapter's own build beside the old relation, rename twice and drop, for databases
    that cannot replace a table and undo it. DuckDB can; every rename and drop costs dbt
    more than most models cost DuckDB. A model that fails leaves the old relation as it was.
    No indexes and no grants: nothing here has any.
#}
{% materialization table, adapter="duckdb", supported_languages=["sql"] %}
    {%- set relation = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement("main") -%}
        {{ drop_other_kind(relation) }}
        {% if config.get("contract").enforced -%}
            {{ get_assert_columns_equivalent(compiled_code) }}
            create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
            insert into {{ relation }} {{ get_column_names() }} (
                {{ get_select_subquery(compiled_code) }}
            );
        {%- else -%}
            create or replace table {{ relation }} as ({{ compiled_code }}
            );
        {%- endif %}
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [relation]}) }}
{% endmaterialization %}


{% materialization view, adapter="duckdb" %}
    {%- set relation = this.incorporate(type="view") -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement("main") -%}
        {{ drop_other_kind(relation) }}
        {% if config.get("contract").enforced -%}
            {{ get_assert_columns_equivalent(compiled_code) }}
        {%- endif %}
        create or replace view {{ relation }} as ({{ compiled_code }}
        );
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [relation]}) }}
{% endmaterialization %}


{# DuckDB replaces a table by a table and a view by a view, not one by the other #}
{% macro drop_other_kind(relation) %}
    {%- set existing = load_cached_relation(relation) -%}
    {%- if existing is not none and existing.type != relation.type -%}
        drop {{ existing.type }} {{ existing }};
    {%- endif -%}
{% endmacro %}
