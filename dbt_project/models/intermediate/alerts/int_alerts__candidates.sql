-- A unit that comes onto the list of candidates, once per run of month-ends, and one that leaves it: as
-- an A account, or out. A unit that is no longer there, as its group was merged away, leaves nothing.
{%- set payload = {
    'account_name': 'names.account_name', 'adopter_class': 'turns.adopter_class',
    'base_currency': "'" ~ var('base_currency') ~ "'",
    'candidate_score_ratio': 'turns.candidate_score_ratio',
    'coverage_ratio': 'turns.coverage_ratio', 'exclusivity': 'turns.exclusivity',
    'influence_score': 'turns.influence_score', 'months_count': 'turns.months_count',
    'own_growth_score': 'turns.own_growth_score', 'ramp_ratio': 'turns.ramp_ratio',
    'reasons': 'turns.candidate_reasons', 'referred_accounts_count': 'turns.referred_accounts_count',
    'referred_profit_amount': 'turns.referred_profit_amount', 'tier': 'turns.tier',
    'ttm_profit_amount': 'turns.profit_amount', 'wallet_share_ratio': 'turns.wallet_share_ratio'
} %}
with tiers as (select * from {{ ref('int_tiers__states') }}),

candidates as (
    select * from {{ ref('int_candidates__eligible') }} where is_candidate
),

names as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

compared as (
    select
        candidates.*,
        case
            when lag(month_number) over by_unit = month_number - 1 then 0
            else 1
        end as is_start,
        lead(month_number) over by_unit as next_month_number
    from candidates
    window by_unit as (partition by tier_unit_id order by month_number)
),

numbered as (
    select
        compared.*,
        sum(is_start) over (partition by tier_unit_id order by month_number) as run_number
    from compared
),

counted as (
    select
        numbered.*,
        row_number() over (partition by tier_unit_id, run_number order by month_number)
            as months_count
    from numbered
),

-- Who enters is shown as of the month-end of its entry; who leaves with what was last said of it, and
-- with the tier and the profit of now.
turns as (
    select
        'candidate_enter' as alert_type,
        counted.month_end as effective_date,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        counted.tier_unit_id,
        counted.tier,
        counted.profit_amount,
        {%- for column in ['months_count', 'candidate_reasons', 'candidate_score_ratio', 'coverage_ratio',
            'influence_score', 'referred_accounts_count', 'referred_profit_amount', 'ramp_ratio',
            'wallet_share_ratio', 'exclusivity', 'adopter_class', 'own_growth_score'] %}
        counted.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from counted
    where counted.is_start = 1
    union all
    select
        'candidate_exit' as alert_type,
        tiers.month_end as effective_date,
        'candidate' as from_value,
        case when tiers.tier = 'A' then 'A' when tiers.tier <> 'A' then 'out' end as to_value,
        counted.tier_unit_id,
        tiers.tier,
        tiers.profit_amount,
        {%- for column in ['months_count', 'candidate_reasons', 'candidate_score_ratio', 'coverage_ratio',
            'influence_score', 'referred_accounts_count', 'referred_profit_amount', 'ramp_ratio',
            'wallet_share_ratio', 'exclusivity', 'adopter_class', 'own_growth_score'] %}
        counted.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from counted
    inner join tiers
        on tiers.tier_unit_id = counted.tier_unit_id
        and tiers.month_number = counted.month_number + 1
    where coalesce(counted.next_month_number <> counted.month_number + 1, true)
),

final as (
    select
        turns.alert_type,
        'tier_unit' as unit_type,
        turns.tier_unit_id as unit_id,
        turns.tier_unit_id as account_id,
        versions.owner_user_id,
        turns.effective_date,
        turns.from_value,
        turns.to_value,
        'info' as severity,
        'info' as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        'digest' as delivery,
        turns.profit_amount as at_stake_amount,
        'quasi_key_accounts' as source_mart,
        {{ json_object(payload) }} as payload
    from turns
    inner join versions
        on versions.account_id = turns.tier_unit_id
        and versions.valid_from <= turns.effective_date
        and versions.valid_to > turns.effective_date
    inner join names on names.account_id = turns.tier_unit_id
)

select * from final
