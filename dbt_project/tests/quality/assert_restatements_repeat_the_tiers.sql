-- What is listed is what the tiers say now and what they said when first published; a unit without
-- a row has 0.00 and the tier none.
-- Red by a current value that no tier says, or by a first value that was never published.
with restated as (
    select
        month_end,
        tier_unit_id,
        measure,
        first_value,
        current_value
    from {{ ref('restatements') }}
),

tiers as (select * from {{ ref('account_tiers') }}),

first_published as (select * from {{ source('landing', 'first_published') }}),

expected as (
    select
        restated.*,
        case restated.measure
            when 'net_revenue' then {{ published_amount('first_published.net_revenue_amount') }}
            when 'profit' then {{ published_amount('first_published.profit_amount') }}
            when 'tier' then coalesce(first_published.tier, 'none')
        end as expected_first_value,
        case restated.measure
            when 'net_revenue' then {{ published_amount('tiers.ttm_net_revenue_amount') }}
            when 'profit' then {{ published_amount('tiers.ttm_profit_amount') }}
            when 'tier' then coalesce(tiers.tier, 'none')
        end as expected_current_value
    from restated
    left join tiers
        on tiers.month_end = restated.month_end and tiers.tier_unit_id = restated.tier_unit_id
    left join first_published
        on first_published.month_end = restated.month_end
        and first_published.tier_unit_id = restated.tier_unit_id
)

select * from expected
where (first_value = expected_first_value and current_value = expected_current_value) is not true
