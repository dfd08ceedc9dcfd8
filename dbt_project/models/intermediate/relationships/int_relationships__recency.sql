-- The last two-way contact with each account, up to D; null when no activities are delivered.
with activities as (select * from {{ ref('stg_crm__activities') }}),

final as (
    select
        account_id,
        max(case when is_two_way then activity_date end) as last_two_way_date,
        min(activity_date) as first_activity_date
    from activities
    group by account_id
)

select * from final
