-- The verdict of semantics 3.6 on exact numbers, before anything is rounded. What cannot be judged
-- does not hold; when neither condition can be judged there is no verdict.
{%- set year_days = 365 -%}
{#- Thirds of a day have no end: cycles that differ by less are equal. -#}
{%- set equal_days = '0.000003' -%}
{%- set rate_whole = 'cast(facts.cost_of_capital * 10000 as bigint)' %}
with facts as (select * from {{ ref('int_receivables__payment_facts') }}),

peers as (select * from {{ ref('int_receivables__peer_cycles') }}),

judged as (
    select
        facts.*,
        peers.cycle_days,
        peers.twice_peer_median_days,
        case when peers.cycle_days is not null then
            {{ whole('facts.to_pay_days_amount') }} > {{ whole('facts.measured_amount') }}
                * (facts.payment_terms_days + facts.over_terms_days)
            and peers.cycle_days * 2 - facts.peer_multiple * peers.twice_peer_median_days
                > {{ equal_days }}
        end as is_slow,
        -- Margin against cost of capital x cycle, both sides times revenue, days and amounts.
        case when peers.cycle_days is not null and facts.net_amount > 0 then
            {{ whole('facts.profit_amount') }} * {{ whole('facts.measured_amount') }}
                * {{ year_days * 10000 }}
            < {{ whole('facts.to_pay_days_amount') }} * {{ whole('facts.net_amount') }}
                * {{ rate_whole }}
        end as is_below_financing,
        case when facts.net_amount > 0 then
            {{ ratio('facts.profit_amount', 'facts.net_amount') }}
        end as contribution_margin_ratio,
        case when peers.cycle_days is not null then
            {{ multiply_divide('facts.to_pay_days_amount', 'facts.cost_of_capital',
                'facts.measured_amount * ' ~ year_days, 6) }}
        end as financing_cost_ratio,
        case when peers.cycle_days is not null then
            {{ multiply_divide('facts.to_pay_days_amount', '1', 'facts.measured_amount') }}
        end as collection_cycle_days,
        case when peers.cycle_days is not null then
            {{ multiply_divide('facts.late_days_amount', '1', 'facts.measured_amount') }}
        end as weighted_late_days,
        case when facts.net_amount > 0 then
            {{ multiply_divide('facts.profit_amount', year_days * 10000,
                'facts.net_amount * ' ~ rate_whole) }}
        end as break_even_cycle_days,
        case when peers.cycle_days is not null then
            {{ multiply_divide('facts.net_amount * ' ~ rate_whole, 'facts.to_pay_days_amount',
                'facts.measured_amount * ' ~ year_days * 10000) }}
        end as financing_cost_year_amount
    from facts
    inner join peers
        on peers.as_of_date = facts.as_of_date and peers.account_id = facts.account_id
),

statuses as (
    select
        *,
        case
            when is_slow or is_below_financing then 'trap'
            when is_slow is not null or is_below_financing is not null then 'no_trap'
            when is_slow is null and is_below_financing is null then 'insufficient_history'
        end as payment_trap_status
    from judged
),

final as (
    select
        as_of_date,
        is_month_end,
        is_latest,
        account_id,
        tier_unit_id,
        channel,
        owner_user_id,
        payment_terms_days,
        measured_invoices_count,
        collection_cycle_days,
        weighted_late_days,
        cast(collection_cycle_days - payment_terms_days as decimal(18,2)) as over_terms_days,
        cast(twice_peer_median_days * cast(0.5 as decimal(2,1)) as decimal(18,2))
            as peer_median_cycle_days,
        contribution_margin_ratio,
        financing_cost_ratio,
        cast(contribution_margin_ratio - financing_cost_ratio as decimal(18,6))
            as margin_after_financing_ratio,
        break_even_cycle_days,
        payment_trap_status,
        nullif(concat_ws(
            '|',
            case when is_slow then 'slow_vs_terms_and_peers' end,
            case when is_below_financing then 'margin_below_financing_cost' end,
            case when payment_trap_status = 'insufficient_history'
                then 'insufficient_history' end
        ), '') as reasons,
        average_gross_amount,
        financing_cost_amount,
        financing_cost_year_amount,
        oldest_overdue_days
    from statuses
)

select * from final
