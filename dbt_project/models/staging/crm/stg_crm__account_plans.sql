with landed as ({{ current_rows('crm_account_plans', ['account_id', 'plan_month']) }}),

final as (
    select
        account_id,
        {{ month_start('plan_month') }} as month_start,
        {{ money_sum('plan_amount') }} as plan_amount
    from landed
    group by account_id, {{ month_start('plan_month') }}
)

select * from final
