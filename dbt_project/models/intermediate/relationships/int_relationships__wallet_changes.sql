-- How the share of what each customer needs changed within a year, for customers with a fresh estimate
-- at both ends, by the accounts that it consists of on the day described.
with days as (select * from {{ ref('int_calendar__days') }}),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

versions as (
    select * from {{ ref('stg_crm__account_versions') }} where wallet_amount > 0
),

rules as ({{ dated_config('candidate_config') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

windows as (select * from {{ ref('int_revenue__account_windows') }}),

daily as (select * from {{ ref('int_revenue__account_days') }}),

lines as (select * from {{ ref('int_revenue__lines') }}),

-- Both windows must be complete.
compared as (
    select
        days.as_of_date,
        days.is_month_end,
        days.epoch_date,
        {{ year_before('days.as_of_date') }} as before_date
    from days
    cross join bounds
    where {{ year_before(year_before('days.as_of_date')) }}
        >= {{ add_days('bounds.first_document_date', -1) }}
),

points as (
    select as_of_date, epoch_date, is_month_end, as_of_date as point_date, true as is_now from compared
    union all
    select as_of_date, epoch_date, is_month_end, before_date as point_date, false as is_now from compared
),

-- An estimate stands at the record of the customer; too old a one is unknown.
estimates as (
    select
        points.as_of_date,
        points.epoch_date,
        versions.account_id as customer_key,
        max(case when points.is_now then versions.wallet_amount end) as now_amount,
        max(case when not points.is_now then versions.wallet_amount end) as before_amount
    from points
    inner join versions
        on versions.valid_from <= points.point_date and versions.valid_to > points.point_date
    inner join rules
        on rules.valid_from <= points.point_date and rules.valid_until > points.point_date
    where versions.wallet_as_of_date > {{ add_months('points.point_date', '-rules.wallet_months') }}
        and versions.wallet_as_of_date <= points.point_date
    group by points.as_of_date, points.epoch_date, versions.account_id
    having count(*) = 2
),

members as (
    select
        compared.as_of_date,
        compared.before_date,
        compared.is_month_end,
        estimates.customer_key,
        units.account_id
    from estimates
    inner join compared on compared.as_of_date = estimates.as_of_date
    inner join units
        on units.epoch_date = estimates.epoch_date and units.customer_key = estimates.customer_key
),

revenue as (
    select
        members.as_of_date,
        members.customer_key,
        case when windows.month_end = members.as_of_date then windows.net_amount else 0 end
            as now_amount,
        case when windows.month_end = members.before_date then windows.net_amount else 0 end
            as before_amount
    from members
    inner join windows
        on windows.account_id = members.account_id
        and windows.month_end in (members.as_of_date, members.before_date)
    where members.is_month_end
    union all
    select
        members.as_of_date,
        members.customer_key,
        daily.net_amount as now_amount,
        0 as before_amount
    from members
    inner join daily on daily.account_id = members.account_id
    where not members.is_month_end
    union all
    select
        members.as_of_date,
        members.customer_key,
        0 as now_amount,
        lines.net_amount as before_amount
    from members
    inner join lines
        on lines.account_id = members.account_id
        and lines.invoice_date > {{ year_before('members.before_date') }}
        and lines.invoice_date <= members.before_date
    where not members.is_month_end
),

sums as (
    select
        as_of_date,
        customer_key,
        {{ money_sum('now_amount') }} as now_amount,
        {{ money_sum('before_amount') }} as before_amount
    from revenue
    group by as_of_date, customer_key
),

-- Without a line in either window both shares are a measured zero.
filled as (
    select
        estimates.as_of_date,
        estimates.customer_key,
        coalesce(sums.now_amount, 0) as now_revenue_amount,
        coalesce(sums.before_amount, 0) as before_revenue_amount,
        estimates.now_amount as now_wallet_amount,
        estimates.before_amount as before_wallet_amount
    from estimates
    left join sums
        on sums.as_of_date = estimates.as_of_date and sums.customer_key = estimates.customer_key
),

final as (
    select
        as_of_date,
        customer_key,
        {{ ratio_difference('now_revenue_amount', 'now_wallet_amount',
            'before_revenue_amount', 'before_wallet_amount') }} as wallet_share_change_ratio
    from filled
)

select * from final
