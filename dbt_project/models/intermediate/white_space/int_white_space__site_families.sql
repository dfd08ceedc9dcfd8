-- What each site bought of a known product family: a site is a golden record of D, and what was billed
-- to a merged record was bought by its survivor.
with line_groups as (
    select * from {{ ref('int_revenue__line_groups') }} where product_family <> 'unknown'
),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

sums as (
    select
        units.customer_key,
        line_groups.product_family,
        {{ money_sum('case when line_groups.is_in_year_to_d then line_groups.net_amount end') }}
            as net_amount,
        max(case when line_groups.is_in_year_to_d then line_groups.last_sold_date end)
            is not null as is_bought,
        max(line_groups.last_sold_date) as last_sold_date
    from line_groups
    inner join units on units.account_id = line_groups.account_id
    group by units.customer_key, line_groups.product_family
),

-- What was only credited was never sold.
final as (
    select * from sums where last_sold_date is not null
)

select * from final
