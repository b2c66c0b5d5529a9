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

{#
    The score of a month, no lower than an empty one of so few deals deserves.

    Deals that come one by one leave a month empty with probability exp(-n) where n are
    expected; a gamma knows no such month and calls it unheard of. The mean of a standard
    normal below its exp(-n) quantile is 0.38 - sqrt(2n), within 0.1 for n up to 30, and
    never above zero. Without a number of deals the score stays as it is.
#}
{% macro score_of_few_deals(score, deals) -%}
    case
        when
            {{ deals }} > 0
            and {{ score }} < least(0.38 - sqrt(2 * abs({{ deals }})), 0)
            then least(0.38 - sqrt(2 * abs({{ deals }})), 0)
        else {{ score }}
    end
{%- endmacro %}
