-- The industry in which a unit placed our first order, by the attributes and the identity of the
-- month-end, and who came after it. Units that bought on the same first day opened it all.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

config as ({{ dated_config('candidate_config') }}),

versions as (
    select * from {{ ref('stg_crm__account_versions') }} where industry_code is not null
),

starts as (select * from {{ ref('int_identity__account_starts') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

first_orders as (
    select
        months.month_end,
        versions.industry_code,
        units.tier_unit_id,
        units.customer_key,
        config.follower_months,
        min(starts.first_purchase_date) as first_purchase_date
    from months
    inner join config
        on config.valid_from <= months.month_end and config.valid_until > months.month_end
    inner join starts on starts.first_purchase_date <= months.month_end
    inner join versions
        on versions.account_id = starts.account_id
        and versions.valid_from <= months.month_end
        and versions.valid_to > months.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = starts.account_id
    group by
        months.month_end, versions.industry_code, units.tier_unit_id, units.customer_key,
        config.follower_months
),

opened as (
    select
        *,
        min(first_purchase_date) over (partition by month_end, industry_code) as opened_on
    from first_orders
),

of_units as (
    select
        month_end,
        industry_code,
        tier_unit_id,
        min(first_purchase_date) = opened_on as is_opener,
        sum(case
            when first_purchase_date > opened_on
                and first_purchase_date <= {{ add_months('opened_on', 'follower_months') }} then 1
            else 0
        end) as own_followers_count
    from opened
    group by month_end, industry_code, tier_unit_id, opened_on
),

-- Who follows within the own group was brought by nobody.
followed as (
    select
        *,
        sum(own_followers_count) over (partition by month_end, industry_code)
            - own_followers_count as followers_count
    from of_units
),

ranked as (
    select
        *,
        row_number() over (partition by month_end, tier_unit_id order by industry_code) as place
    from followed
    where is_opener
),

final as (
    select
        month_end,
        tier_unit_id,
        industry_code as opened_industry_code,
        cast(followers_count as bigint) as followers_count
    from ranked
    where place = 1
)

select * from final
