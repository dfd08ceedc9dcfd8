{%- set products_known = is_present('erp_products') -%}
-- What a unit may become (Q5, Q6): how early it takes up what is new, how it grows, and how we
-- see it grow.
with unit_windows as (select * from {{ ref('int_tiers__unit_windows') }}),

months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

versions as (
    select * from {{ ref('stg_crm__account_versions') }} where own_growth_score is not null
),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

account_windows as (select * from {{ ref('int_profitability__windows') }}),

adopters as (select * from {{ ref('int_candidates__adopters') }}),

breadths as (select * from {{ ref('int_candidates__breadths') }}),

rules as ({{ dated_config('candidate_config') }}),

-- A score without a day does not expire: a source of the contract's version 1 has none.
scores as (
    select
        months.month_end,
        units.tier_unit_id,
        max(versions.own_growth_score) as own_growth_score
    from months
    inner join rules
        on rules.valid_from <= months.month_end and rules.valid_until > months.month_end
    inner join versions
        on versions.valid_from <= months.month_end
        and versions.valid_to > months.month_end
        and (
            versions.own_growth_rated_on is null
            or (
                versions.own_growth_rated_on
                    > {{ add_months('months.month_end', '-rules.influence_months') }}
                and versions.own_growth_rated_on <= months.month_end
            )
        )
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = versions.account_id
    group by months.month_end, units.tier_unit_id
),

growth as (
    select
        month_end,
        tier_unit_id,
        {{ money_sum('current_net_amount') }} as current_net_amount,
        {{ money_sum('prior_net_amount') }} as prior_net_amount
    from account_windows
    where is_prior_known
    group by month_end, tier_unit_id
),

final as (
    select
        unit_windows.month_end,
        unit_windows.tier_unit_id,
        coalesce(adopters.adopter_class, 'no_launch_bought') as adopter_class,
        cast(scores.own_growth_score as bigint) as own_growth_score,
        case when growth.prior_net_amount > 0 then
            {{ ratio('growth.current_net_amount - growth.prior_net_amount',
                'growth.prior_net_amount') }}
        end as purchase_growth_ratio,
        {%- if products_known %}
        case when months.is_bridge_month then
            coalesce(breadths.current_families_count, 0)
            - coalesce(breadths.prior_families_count, 0)
        end as breadth_growth_count
        {%- else %}
        cast(null as bigint) as breadth_growth_count
        {%- endif %}
    from unit_windows
    inner join months on months.month_end = unit_windows.month_end
    left join adopters
        on adopters.month_end = unit_windows.month_end
        and adopters.tier_unit_id = unit_windows.tier_unit_id
    left join scores
        on scores.month_end = unit_windows.month_end
        and scores.tier_unit_id = unit_windows.tier_unit_id
    left join growth
        on growth.month_end = unit_windows.month_end
        and growth.tier_unit_id = unit_windows.tier_unit_id
    left join breadths
        on breadths.month_end = unit_windows.month_end
        and breadths.tier_unit_id = unit_windows.tier_unit_id
)

select * from final
