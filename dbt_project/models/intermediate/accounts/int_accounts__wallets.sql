-- How much of what it needs each customer with a fresh estimate buys from us in the twelve months to D,
-- and what share of our revenue that is.
with versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where not is_internal
        and epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
),

daily as (select * from {{ ref('int_revenue__account_days') }}),

-- What counts for a candidate counts here, by the rules of today.
rules as (
    select * from ({{ dated_config('candidate_config') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

customer_revenue as (
    select
        units.customer_key,
        sum(daily.net_amount) as net_amount
    from units
    inner join daily on daily.account_id = units.account_id
    group by units.customer_key
),

company_revenue as (
    select sum(greatest(net_amount, 0)) as net_amount from customer_revenue
),

-- An estimate stands at the record of the customer; too old a one is unknown.
estimates as (
    select
        versions.account_id as customer_key,
        versions.wallet_amount,
        versions.wallet_amount * rules.exclusive_wallet_share as exclusive_amount,
        coalesce(customer_revenue.net_amount, 0) as net_amount,
        company_revenue.net_amount as company_amount
    from versions
    cross join rules
    cross join company_revenue
    left join customer_revenue on customer_revenue.customer_key = versions.account_id
    where versions.wallet_as_of_date > {{ add_months(as_of_date(), '-rules.wallet_months') }}
        and versions.wallet_as_of_date <= {{ as_of_date() }}
        and versions.wallet_amount > 0
),

final as (
    select
        customer_key,
        {{ ratio('net_amount', 'wallet_amount') }} as wallet_share_ratio,
        {{ ratio('net_amount', 'company_amount') }} as company_share_ratio,
        case
            when net_amount >= exclusive_amount then 'exclusive'
            when net_amount < exclusive_amount then 'shared'
        end as exclusivity
    from estimates
)

select * from final
