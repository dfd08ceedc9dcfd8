-- The stage that each account holds: a better one at once, a worse one only after so many month-ends
-- in a row below. A day inside a month counts for a better stage alone.
with stages as (select * from {{ ref('int_relationships__stages') }}),

beside as (
    select
        as_of_date,
        is_month_end,
        is_latest,
        account_id,
        lost_after_month_ends,
        evidenced_stage as stage_0
        {%- for step in range(1, longest_stage_memory() + 1) %},
        lag(evidenced_stage, {{ step }}) over by_account as stage_{{ step }}
        {%- endfor %}
    from stages
    window by_account as (partition by account_id order by as_of_date)
),

remembered as (
    select
        *,
        {{ remembered_stage('lost_after_month_ends + case when is_month_end then 0 else 1 end') }}
            as confirmed_stage
    from beside
),

final as (
    select
        as_of_date,
        is_month_end,
        is_latest,
        account_id,
        confirmed_stage,
        {{ stage_down_streak('confirmed_stage') }} as stage_down_streak_count
    from remembered
)

select * from final
