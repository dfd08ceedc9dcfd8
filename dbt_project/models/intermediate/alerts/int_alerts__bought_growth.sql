-- An account whose growth turns out to be bought with discounts, once per run of month-ends. A
-- month-end at which the discount is unknown neither ends nor starts a run.
with growth as (
    select * from {{ ref('int_profitability__growth') }} where growth_quality is not null
),

tiers as (select * from {{ ref('int_tiers__states') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

with_before as (
    select
        growth.*,
        lag(growth_quality) over (partition by account_id order by month_end) as quality_before
    from growth
),

entered as (
    select
        with_before.*,
        versions.account_name,
        versions.owner_user_id,
        tiers.tier,
        case
            when tiers.tier = 'A' then 'medium'
            when with_before.account_id is not null then 'low'
        end as severity,
        -- What the higher rate of discount cost on the sales of the last twelve months.
        cast(with_before.current_discount_amount - {{ multiply_divide(
            'with_before.prior_discount_amount', 'with_before.current_list_amount',
            'with_before.prior_list_amount') }} as decimal(18,2)) as extra_discount_amount
    from with_before
    inner join versions
        on versions.account_id = with_before.account_id
        and versions.valid_from <= with_before.month_end
        and versions.valid_to > with_before.month_end
    left join tiers
        on tiers.tier_unit_id = with_before.tier_unit_id
        and tiers.month_end = with_before.month_end
    where with_before.growth_quality = 'bought_growth'
        and with_before.quality_before is distinct from 'bought_growth'
),

final as (
    select
        'bought_growth' as alert_type,
        'account' as unit_type,
        account_id as unit_id,
        account_id,
        owner_user_id,
        month_end as effective_date,
        quality_before as from_value,
        growth_quality as to_value,
        severity,
        severity as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        'digest' as delivery,
        extra_discount_amount as at_stake_amount,
        'account_profitability' as source_mart,
        {{ json_object({
            'account_name': 'account_name',
            'base_currency': "'" ~ var('base_currency') ~ "'",
            'current_discount_ratio': 'current_discount_ratio',
            'extra_discount_amount': 'extra_discount_amount',
            'net_growth_ratio': ratio('current_net_amount - prior_net_amount', 'prior_net_amount'),
            'net_sales_current_amount': 'current_net_amount',
            'net_sales_prior_amount': 'prior_net_amount',
            'prior_discount_ratio': 'prior_discount_ratio',
            'tier': 'tier'
        }) }} as payload
    from entered
)

select * from final
