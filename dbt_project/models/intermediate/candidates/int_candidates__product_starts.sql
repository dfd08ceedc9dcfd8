-- The first purchase of a newly launched product by a unit, for each period in which its members
-- stay the same. The only model of candidates that reads lines, and only those of products that a
-- month-end asks for.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

config as ({{ dated_config('candidate_config') }}),

products as (select * from {{ ref('stg_erp__products') }} where launch_date is not null),

lines as (select * from {{ ref('stg_erp__invoice_lines') }}),

purchases as (select * from {{ ref('int_revenue__purchases') }}),

members as (select * from {{ ref('int_identity__unit_members') }}),

launches as (
    select
        products.product_id,
        products.launch_date
    from months
    inner join config
        on config.valid_from <= months.month_end and config.valid_until > months.month_end
    inner join products
        on products.launch_date >= {{ add_months('months.month_start', '1 - config.launch_months') }}
        and products.launch_date <= months.month_end
    group by products.product_id, products.launch_date
),

of_accounts as (
    select
        purchases.account_id,
        launches.product_id,
        launches.launch_date,
        min(purchases.purchase_date) as first_purchase_date
    from launches
    inner join lines on lines.product_id = launches.product_id
    inner join purchases on purchases.invoice_id = lines.invoice_id
    -- What came free of charge or back was not bought.
    where lines.net_amount > 0
    group by purchases.account_id, launches.product_id, launches.launch_date
),

final as (
    select
        members.tier_unit_id,
        members.members_from,
        members.members_until,
        of_accounts.product_id,
        of_accounts.launch_date,
        min(of_accounts.first_purchase_date) as first_purchase_date
    from members
    inner join of_accounts on of_accounts.account_id = members.account_id
    group by
        members.tier_unit_id, members.members_from, members.members_until, of_accounts.product_id,
        of_accounts.launch_date
)

select * from final
