-- One row per month-end and tier unit: rank, share and what the dated rules make of this month
-- alone, under the rules of the month and, just after a change of rules, under the old ones.
with windows as (select * from {{ ref('int_tiers__unit_windows') }}),

config as (select * from {{ ref('tier_config') }}),

first_months as (
    select
        tier_config_valid_from,
        min(month_number) as first_month_number
    from windows
    group by tier_config_valid_from
),

ranked as (
    select
        month_end,
        tier_unit_id,
        rank() over (partition by month_end order by profit_amount desc) as profit_rank,
        count(*) over (partition by month_end) as units_count,
        {{ positive_before('profit_amount', 'month_end') }} as positive_before_amount,
        cast(sum(greatest(profit_amount, 0)) over (partition by month_end) as decimal(24,2))
            as positive_total_amount,
        cast(sum(greatest(profit_amount, 0)) over (
            partition by month_end order by profit_amount desc
        ) as decimal(24,2)) as through_amount,
        {{ positive_before('profit_amount', 'month_end, channel') }} as channel_before_amount,
        cast(sum(greatest(profit_amount, 0)) over (partition by month_end, channel)
            as decimal(24,2)) as channel_total_amount
    from windows
    where lines_count > 0
),

rules as (
    select
        config.*,
        -- The rules before are those of the month-ends before: a row never in force does not count.
        {%- for rule in ['threshold_a', 'threshold_b', 'band', 'down_month_ends',
            'minimum_tenure_days'] %}
        lag(config.{{ rule }}) over (order by config.valid_from) as old_{{ rule }},
        {%- endfor %}
        first_months.first_month_number,
        first_months.first_month_number > (
            select min(first_month_number) from first_months
        ) as is_changed
    from config
    inner join first_months on first_months.tier_config_valid_from = config.valid_from
),

-- Profit that is not positive counts as a share before of 1: down, never up (decision 12).
measured as (
    select
        windows.*,
        ranked.profit_rank,
        ranked.units_count,
        ranked.positive_total_amount,
        ranked.through_amount,
        ranked.channel_before_amount,
        ranked.channel_total_amount,
        case
            when windows.profit_amount > 0 then ranked.positive_before_amount
            else ranked.positive_total_amount
        end as before_amount,
        case
            when windows.lines_count = 0 then 'INACTIVE'
            when windows.tenure_days < windows.minimum_tenure_days then 'NEW'
            when windows.lines_count > 0 then 'RATED'
        end as rating_status
    from windows
    left join ranked
        on ranked.month_end = windows.month_end and ranked.tier_unit_id = windows.tier_unit_id
),

final as (
    select
        measured.month_end,
        measured.month_number,
        measured.epoch_date,
        measured.tier_unit_id,
        measured.channel,
        measured.lines_count,
        measured.net_amount,
        measured.profit_amount,
        measured.absolute_net_amount,
        measured.absolute_costed_net_amount,
        measured.measure_used,
        measured.tenure_days,
        measured.purchase_months_count,
        measured.is_purchase_leaving,
        measured.profit_rank,
        measured.units_count,
        measured.before_amount,
        measured.positive_total_amount,
        measured.through_amount,
        measured.rating_status,
        measured.tier_config_valid_from,
        case
            when measured.lines_count = 0 then 'INACTIVE'
            when measured.tenure_days < rules.old_minimum_tenure_days then 'NEW'
            when measured.lines_count > 0 then 'RATED'
        end as old_rating_status,
        rules.down_month_ends,
        rules.old_down_month_ends,
        rules.count_share_a,
        rules.count_share_b,
        {{ abc('measured.profit_amount', 'measured.before_amount',
            'measured.positive_total_amount', 'rules.threshold_a', 'rules.threshold_b') }}
            as raw_tier,
        {{ abc('measured.profit_amount', 'measured.channel_before_amount',
            'measured.channel_total_amount', 'rules.threshold_a', 'rules.threshold_b') }}
            as channel_raw_tier,
        {%- for old in ['', 'old_'] %}
        {%- if old %}
        {{ abc('measured.profit_amount', 'measured.before_amount',
            'measured.positive_total_amount', 'rules.old_threshold_a', 'rules.old_threshold_b') }}
            as old_raw_tier,
        {%- endif %}
        {%- for tier in ['a', 'b'] %}
        not ({{ is_below('measured.before_amount', 'measured.positive_total_amount',
            'rules.' ~ old ~ 'threshold_' ~ tier ~ ' + rules.' ~ old ~ 'band') }})
            as {{ old }}is_down_from_{{ tier }},
        measured.profit_amount > 0 and
            {{ is_below('measured.before_amount', 'measured.positive_total_amount',
            'rules.' ~ old ~ 'threshold_' ~ tier ~ ' - rules.' ~ old ~ 'band') }}
            as {{ old }}is_up_to_{{ tier }},
        {%- endfor %}
        {%- endfor %}
        -- Only the first evaluations under new rules can owe a change to the rules alone.
        rules.is_changed
            and measured.month_number < rules.first_month_number
                + greatest(rules.down_month_ends, rules.old_down_month_ends)
            as is_config_new
    from measured
    inner join rules on rules.valid_from = measured.tier_config_valid_from
)

select * from final
