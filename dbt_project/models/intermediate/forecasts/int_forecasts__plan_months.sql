-- Complete months with a plan, from the first document on, beside what was sold in them.
with plans as (select * from {{ ref('stg_crm__account_plans') }}),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

final as (
    select
        plans.account_id,
        plans.month_start,
        plans.plan_amount,
        cast(coalesce(account_months.net_amount, 0) as decimal(18,2)) as net_amount
    from plans
    inner join bounds
        on plans.month_start >= {{ month_start('bounds.first_document_date') }}
        and plans.month_start <= bounds.last_month_end
    left join account_months
        on account_months.account_id = plans.account_id
        and account_months.month_start = plans.month_start
)

select * from final
