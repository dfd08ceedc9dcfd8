-- What a unit introduced, by the attributes and the identity of the month-end. An account names one
-- source at most and credits its unit only, so that a circle of referrals leads nowhere.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

versions as (
    select * from {{ ref('stg_crm__account_versions') }} where referred_by_account_id is not null
),

starts as (select * from {{ ref('int_identity__account_starts') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

-- Both were known by the month-end.
referrals as (
    select
        months.month_end,
        source_units.tier_unit_id,
        versions.account_id,
        case
            when units.tier_unit_id <> source_units.tier_unit_id then units.customer_key
        end as introduced_customer_key
    from months
    inner join versions
        on versions.valid_from <= months.month_end and versions.valid_to > months.month_end
    inner join starts
        on starts.account_id = versions.account_id and starts.exists_from <= months.month_end
    inner join starts as source_starts
        on source_starts.account_id = versions.referred_by_account_id
        and source_starts.exists_from <= months.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = versions.account_id
    inner join units as source_units
        on source_units.epoch_date = months.epoch_date
        and source_units.account_id = versions.referred_by_account_id
),

final as (
    select
        referrals.month_end,
        referrals.tier_unit_id,
        count(distinct referrals.introduced_customer_key) as referred_accounts_count,
        {{ money_sum('case when referrals.introduced_customer_key is not null
            then account_windows.profit_amount end') }} as referred_profit_amount
    from referrals
    left join account_windows
        on account_windows.month_end = referrals.month_end
        and account_windows.account_id = referrals.account_id
    group by referrals.month_end, referrals.tier_unit_id
)

select * from final
