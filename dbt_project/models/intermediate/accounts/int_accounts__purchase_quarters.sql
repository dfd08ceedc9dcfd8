-- In how many of the last eight quarters up to D, three months each, anything of a tier unit was bought.
with account_months as (select * from {{ ref('int_revenue__account_months') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
),

final as (
    select
        units.tier_unit_id,
        count(distinct {{ whole_division(
            month_number(as_of_date()) ~ ' - account_months.month_number', '3') }}) as quarters_count
    from account_months
    inner join units on units.account_id = account_months.account_id
    where account_months.purchase_days_count > 0
        and account_months.month_number > {{ month_number(as_of_date()) }} - 24
    group by units.tier_unit_id
)

select * from final
