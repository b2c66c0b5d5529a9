{#
    Standard normal score of an amount that should be gamma distributed.

    Wilson and Hilferty (1931): the cube root of a gamma variable over its mean is
    close to normal with mean 1 - 1/(9a) and variance 1/(9a), a = mean^2/variance.
    Null where the mean or the variance is not positive.
#}
{% macro gamma_normal_score(amount, mean, variance) -%}
    case
        when {{ mean }} > 0 and {{ variance }} > 0
            then
                (
                    power(greatest(cast({{ amount }} as double), 0) / {{ mean }}, 1.0 / 3)
                    - (1 - {{ variance }} / (9 * {{ mean }} * {{ mean }}))
                )
                / sqrt({{ variance }} / (9 * {{ mean }} * {{ mean }}))
    end
{%- endmacro %}
