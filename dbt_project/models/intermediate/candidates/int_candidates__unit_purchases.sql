-- The first and the last four purchase days of a tier unit, as they stood after each month with a
-- purchase, from the eighth one on. Invoices of a day are one purchase, whoever of the unit was billed
-- (decision 9); credit notes change none.
with members as (select * from {{ ref('int_identity__unit_members') }}),

purchases as (select * from {{ ref('int_revenue__purchases') }}),

account_days as (
    select
        account_id,
        purchase_date,
        month_start,
        sum(net_amount) as net_amount
    from purchases
    group by account_id, purchase_date, month_start
),

days as (
    select
        members.tier_unit_id,
        members.members_from,
        members.members_until,
        account_days.purchase_date,
        {{ month_number('account_days.month_start') }} as month_number,
        {{ money_sum('account_days.net_amount') }} as net_amount
    from members
    inner join account_days on account_days.account_id = members.account_id
    group by
        members.tier_unit_id,
        members.members_from,
        members.members_until,
        account_days.purchase_date,
        {{ month_number('account_days.month_start') }}
),

numbered as (
    select
        days.*,
        row_number() over by_day as purchase_number,
        row_number() over (
            partition by tier_unit_id, members_from, month_number order by purchase_date desc
        ) as place_in_month,
        sum(net_amount) over (
            partition by tier_unit_id, members_from order by purchase_date
            rows between 3 preceding and current row
        ) as last_four_amount
    from days
    window by_day as (partition by tier_unit_id, members_from order by purchase_date)
),

with_first as (
    select
        numbered.*,
        sum(case when purchase_number <= 4 then net_amount end) over (
            partition by tier_unit_id, members_from
        ) as first_four_amount
    from numbered
),

final as (
    select
        tier_unit_id,
        members_from,
        members_until,
        month_number,
        coalesce(
            lead(month_number) over (
                partition by tier_unit_id, members_from order by month_number
            ), 999999
        ) as until_month_number,
        cast(purchase_number as bigint) as purchases_count,
        cast(first_four_amount as decimal(18,2)) as first_four_amount,
        cast(last_four_amount as decimal(18,2)) as last_four_amount
    from with_first
    where place_in_month = 1 and purchase_number >= 8
)

select * from final
