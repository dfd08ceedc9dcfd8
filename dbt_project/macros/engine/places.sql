{# Places on a globe, by sums, products, quotients and square roots of doubles alone: these have the same
   bits on every engine, so that a distance falls on the same side of a half everywhere. What engines
   call sine or arc tangent may differ in its last bit. #}

{% macro radians(degrees) -%} (cast({{ degrees }} as double) * cast('0.017453292519943295' as double)) {%- endmacro %}

{# By its series, for -pi <= x <= pi: what is left out is below 10^-14. #}
{% macro sine(x) -%} ({{ x }} * {{ alternating_series(x, 3, 27) }}) {%- endmacro %}
{% macro cosine(x) -%} {{ alternating_series(x, 2, 28) }} {%- endmacro %}

{# 1 - x^2 / (n (n - 1)) (1 - x^2 / ((n + 2) (n + 1)) (...)) from one n to another. #}
{% macro alternating_series(x, first, last) -%}
    {%- set ns = namespace(text="cast('1' as double)") -%}
    {%- for n in range(last, first - 1, -2) -%}
        {%- set ns.text = "(cast('1' as double) - (((" ~ x ~ " * " ~ x ~ ") / cast('" ~ n * (n - 1)
            ~ "' as double)) * " ~ ns.text ~ "))" -%}
    {%- endfor -%}
    {{ ns.text }}
{%- endmacro %}

{# The tangent of a quarter of the angle between two points of the unit globe, by the square of their
   distance through it. #}
{% macro tangent_of_line(square) -%}
    {%- set sine_square -%} least(({{ square }}) / cast('4' as double), cast('1' as double)) {%- endset -%}
    (sqrt({{ sine_square }})
        / (cast('1' as double) + sqrt(cast('1' as double) - {{ sine_square }})))
{%- endmacro %}

{# The tangent of half the angle. #}
{% macro half_tangent(t) -%}
    ({{ t }} / (cast('1' as double) + sqrt(cast('1' as double) + ({{ t }} * {{ t }}))))
{%- endmacro %}

{# The angle of a tangent by its series, for 0 <= t <= 0.2: what is left out is below 10^-16. #}
{% macro angle_of_tangent(t) -%}
    {%- set ns = namespace(text="(cast('1' as double) / cast('21' as double))") -%}
    {%- for n in range(19, 0, -2) -%}
        {%- set ns.text = "((cast('1' as double) / cast('" ~ n ~ "' as double)) - (("
            ~ t ~ " * " ~ t ~ ") * " ~ ns.text ~ "))" -%}
    {%- endfor -%}
    ({{ t }} * {{ ns.text }})
{%- endmacro %}

{# The whole kilometres along the surface of the earth, a globe of 6371 km, of an angle by the tangent of
   its sixteenth part; a half is rounded up. #}
{% macro kilometres(t) -%}
    cast(floor(cast('101936' as double) * {{ angle_of_tangent(t) }} + cast('0.5' as double)) as bigint)
{%- endmacro %}
