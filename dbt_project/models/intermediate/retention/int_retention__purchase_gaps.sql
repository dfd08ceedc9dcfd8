-- The gaps between the purchase days of a customer, counted by the month in which a gap ended and by
-- its length.
with days as (select * from {{ ref('int_retention__purchase_days') }}),

final as (
    select
        customer_key,
        members_from,
        month_number,
        gap_length_days,
        count(*) as purchase_days_count,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date
    from days
    group by customer_key, members_from, month_number, gap_length_days
)

select * from final
