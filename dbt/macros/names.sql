{# Names of people and companies made comparable. All return text, empty for nothing. #}

{% macro legal_forms() -%}
    inc|incorporated|llc|llp|lp|ltd|limited|plc|co|company|corp|corporation|gmbh|ag|kg|ug|se|sa|sas|sarl|srl|spa|bv|nv|ab|as|asa|oy|oyj|aps|pty|kk|pte|sl|sro|doo
{%- endmacro %}

{# A name in lower case, its words parted by single blanks, without signs or accents. #}
{% macro plain_text(name) -%}
    {{ return(adapter.dispatch('plain_text')(name)) }}
{%- endmacro %}

{% macro default__plain_text(name) -%}
    trim(regexp_replace(lower(strip_accents(coalesce({{ name }}, ''))), '[^\p{L}\p{N}]+', ' ', 'g'))
{%- endmacro %}

{% macro spark__plain_text(name) -%}
    trim(regexp_replace(lower(coalesce({{ name }}, '')), '[^\\p{L}\\p{N}]+', ' '))
{%- endmacro %}

{% macro postgres__plain_text(name) -%}
    trim(regexp_replace(lower(coalesce({{ name }}, '')), '[^[:alnum:]]+', ' ', 'g'))
{%- endmacro %}

{# A company's plain name without its legal form; the name itself where nothing is left. #}
{% macro company_name(plain) -%}
    {{ return(adapter.dispatch('company_name')(plain)) }}
{%- endmacro %}

{% macro default__company_name(plain) -%}
    coalesce(nullif(regexp_replace({{ plain }}, '( ({{ legal_forms() }}))+$', ''), ''), {{ plain }})
{%- endmacro %}

{# The legal form a company's plain name ends with; empty for none. #}
{% macro legal_form(plain) -%}
    {{ return(adapter.dispatch('legal_form')(plain)) }}
{%- endmacro %}

{% macro default__legal_form(plain) -%}
    regexp_extract({{ plain }}, ' ({{ legal_forms() }})$', 1)
{%- endmacro %}

{% macro postgres__legal_form(plain) -%}
    coalesce(substring({{ plain }} from ' ({{ legal_forms() }})$'), '')
{%- endmacro %}

{# A person's name with the first name first: 'Lovelace, Ada' is 'Ada Lovelace'. #}
{% macro first_name_first(name) -%}
    case
        when position(',' in {{ name }}) > 0
            then {{ dbt.split_part(name, "','", 2) }} || ' ' || {{ dbt.split_part(name, "','", 1) }}
        else {{ name }}
    end
{%- endmacro %}

{# How alike two texts are: 1 less the share of letters to change, 0 to 1. #}
{% macro likeness(first, second) -%}
    (1 - {{ ratio(
        'levenshtein(' ~ first ~ ', ' ~ second ~ ')',
        'greatest(length(' ~ first ~ '), length(' ~ second ~ '))'
    ) }})
{%- endmacro %}

{# What stands before the at sign of an e-mail. #}
{% macro mailbox(email) -%}
    lower(trim({{ dbt.split_part(email, "'@'", 1) }}))
{%- endmacro %}

{# A stand-in for an HR id, which may not be shown: the same id gives the same text. #}
{% macro pseudonym(id) -%}
    'worker:' || left({{ dbt.hash(id) }}, 12)
{%- endmacro %}

{# A text's MD5, in small letters. #}
{% macro text_digest(value) -%}
    {{ dbt.hash(value) }}
{%- endmacro %}
