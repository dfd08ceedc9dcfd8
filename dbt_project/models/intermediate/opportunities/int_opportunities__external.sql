-- The opportunities of external accounts of D, in base currency at the rate of the day of opening: an
-- opportunity is no document, so that one without a rate has no amount.
with opportunities as (select * from {{ ref('stg_crm__opportunities') }}),

rates as (select * from {{ ref('stg_erp__exchange_rates') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

ranked as (
    select
        opportunities.opportunity_id,
        rates.rate_to_base,
        row_number() over (
            partition by opportunities.opportunity_id order by rates.rate_date desc
        ) as rank_from_newest
    from opportunities
    inner join rates
        on rates.currency_code = opportunities.currency_code
        and rates.rate_date <= opportunities.opened_on
        and rates.rate_date
            >= {{ add_days('opportunities.opened_on', '-' ~ var('max_rate_age_days')) }}
    where opportunities.currency_code <> '{{ var("base_currency") }}'
),

final as (
    select
        opportunities.opportunity_id,
        opportunities.account_id,
        units.customer_key,
        opportunities.owner_user_id,
        opportunities.buying_stage,
        opportunities.entered_at_stage,
        case
            when opportunities.currency_code = '{{ var("base_currency") }}'
                then opportunities.amount
            when ranked.rate_to_base > 0
                then {{ at_rate('opportunities.amount', 'ranked.rate_to_base') }}
        end as opportunity_amount,
        opportunities.opened_on,
        opportunities.closed_on,
        case
            when opportunities.is_won then 'won'
            when opportunities.closed_on is not null then 'lost'
            when opportunities.closed_on is null then 'open'
        end as outcome,
        opportunities.outcome_reason,
        opportunities.outcome_category,
        opportunities.need_qualified_on
    from opportunities
    inner join units on units.account_id = opportunities.account_id
    left join ranked
        on ranked.opportunity_id = opportunities.opportunity_id and ranked.rank_from_newest = 1
)

select * from final
