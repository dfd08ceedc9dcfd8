-- How much of what they need the customers of a unit buy from us, and how their purchases have grown
-- since the first ones, at each month-end.
with tiers as (select * from {{ ref('int_tiers__states') }}),

purchases as (select * from {{ ref('int_candidates__unit_purchases') }}),

rules as ({{ dated_config('candidate_config') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }} where wallet_amount > 0),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

-- An estimate stands at the record of the customer; too old a one is unknown.
estimates as (
    select
        months.month_end,
        months.epoch_date,
        units.customer_key,
        units.tier_unit_id,
        versions.wallet_amount
    from months
    inner join rules
        on rules.valid_from <= months.month_end and rules.valid_until > months.month_end
    inner join versions
        on versions.valid_from <= months.month_end
        and versions.valid_to > months.month_end
        and versions.wallet_as_of_date <= months.month_end
        and versions.wallet_as_of_date
            > {{ add_months('months.month_end', '-rules.wallet_months') }}
    inner join units
        on units.epoch_date = months.epoch_date
        and units.account_id = versions.account_id
        and units.customer_key = versions.account_id
),

customer_revenue as (
    select
        estimates.month_end,
        estimates.customer_key,
        sum(account_windows.net_amount) as net_amount
    from estimates
    inner join units
        on units.epoch_date = estimates.epoch_date
        and units.customer_key = estimates.customer_key
    inner join account_windows
        on account_windows.month_end = estimates.month_end
        and account_windows.account_id = units.account_id
    group by estimates.month_end, estimates.customer_key
),

wallets as (
    select
        estimates.month_end,
        estimates.tier_unit_id,
        {{ money_sum('estimates.wallet_amount') }} as wallet_amount,
        {{ money_sum('customer_revenue.net_amount') }} as wallet_revenue_amount
    from estimates
    left join customer_revenue
        on customer_revenue.month_end = estimates.month_end
        and customer_revenue.customer_key = estimates.customer_key
    group by estimates.month_end, estimates.tier_unit_id
),

final as (
    select
        tiers.month_end,
        tiers.tier_unit_id,
        purchases.first_four_amount,
        purchases.last_four_amount,
        case when purchases.first_four_amount > 0 then
            {{ ratio('purchases.last_four_amount', 'purchases.first_four_amount') }}
        end as ramp_ratio,
        wallets.wallet_amount,
        wallets.wallet_revenue_amount,
        {{ ratio('wallets.wallet_revenue_amount', 'wallets.wallet_amount') }}
            as wallet_share_ratio,
        case
            when wallets.wallet_amount is null then 'not_assessed'
            when wallets.wallet_revenue_amount
                >= wallets.wallet_amount * rules.exclusive_wallet_share then 'exclusive'
            when wallets.wallet_revenue_amount
                < wallets.wallet_amount * rules.exclusive_wallet_share then 'shared'
        end as exclusivity
    from tiers
    inner join rules
        on rules.valid_from <= tiers.month_end and rules.valid_until > tiers.month_end
    left join purchases
        on purchases.tier_unit_id = tiers.tier_unit_id
        and purchases.members_from <= tiers.epoch_date
        and purchases.members_until > tiers.epoch_date
        and purchases.month_number <= tiers.month_number
        and purchases.until_month_number > tiers.month_number
    left join wallets
        on wallets.month_end = tiers.month_end and wallets.tier_unit_id = tiers.tier_unit_id
)

select * from final
