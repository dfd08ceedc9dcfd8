{# Month-ends in a row below a stage that a rule may ask for before it is lost, at most
   (include/keyaccounts/warehouse/rules.py). #}
{% macro longest_stage_memory() %}{{ return(6) }}{% endmacro %}

{# A stage is lost when it was not proven at `memory` days described in a row, the last one included:
   the best one of those. The stages of these days stand side by side, stage_0 being the last one. #}
{% macro remembered_stage(memory) -%}
    greatest(stage_0
    {%- for step in range(1, longest_stage_memory() + 1) -%}
        , case when {{ step }} < {{ memory }} then coalesce(stage_{{ step }}, 0) else 0 end
    {%- endfor -%}
    )
{%- endmacro %}

{# Month-ends in a row below `stage`, up to the day; the day itself counts when it is one. #}
{% macro stage_down_streak(stage) -%}
    cast(case
        when stage_0 >= {{ stage }} then 0
    {%- for step in range(1, longest_stage_memory() + 1) %}
        when coalesce(stage_{{ step }}, {{ stage }}) >= {{ stage }}
            then {{ step }} - case when is_month_end then 0 else 1 end
    {%- endfor %}
    end as bigint)
{%- endmacro %}

{# The departments of a customer that have a name, sorted; `other` is none. #}
{% macro customer_departments() -%}
    {{ return(['commercial', 'executive', 'finance', 'logistics', 'operations', 'purchasing', 'technical']) }}
{%- endmacro %}

{# True where a user of ours still works here at the end of D. #}
{% macro is_active_user(users) -%}
    coalesce(case
        when {{ users }}.deactivated_on is not null
            then {{ users }}.deactivated_on > {{ as_of_date() }}
        when {{ users }}.deactivated_on is null then {{ users }}.is_active
    end, false)
{%- endmacro %}
