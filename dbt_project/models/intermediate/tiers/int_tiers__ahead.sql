-- Every tier unit evaluated by the tier rule without memory: for the twelve months to D, and for
-- those to the next month-end if the forecasts hold. Units without a forecast keep what they earn.
with bounds as (select * from {{ ref('int_calendar__bounds') }}),

config as ({{ dated_config('tier_config') }}),

starts as (
    select * from {{ ref('int_identity__unit_starts') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

daily as (select * from {{ ref('int_revenue__account_days') }}),

predictions as (select * from {{ ref('int_tiers__predictions') }}),

-- As for the official tiers: not before the first twelve months are complete.
described as (
    select
        as_of_date,
        last_day({{ add_days('last_month_end', 1) }}) as next_month_end
    from bounds
    where {{ add_days('year_start', 1) }} >= first_document_date
),

-- Where a last month-end without a line has named no measure, revenue stands for profit.
earned as (
    select
        units.tier_unit_id,
        {{ money_sum('coalesce(daily.profit_amount, daily.net_amount)') }} as profit_amount,
        sum(daily.lines_count) as lines_count
    from units
    inner join daily on daily.account_id = units.account_id
    group by units.tier_unit_id
),

evaluated as (
    select
        'today' as evaluation,
        described.as_of_date as evaluated_date,
        starts.tier_unit_id,
        starts.first_purchase_date,
        coalesce(earned.profit_amount, 0) as profit_amount,
        coalesce(earned.lines_count > 0, false) as has_lines,
        true as is_known
    from described
    cross join starts
    left join earned on earned.tier_unit_id = starts.tier_unit_id
    union all
    select
        'next_month_end' as evaluation,
        described.next_month_end as evaluated_date,
        starts.tier_unit_id,
        starts.first_purchase_date,
        predictions.predicted_profit_amount as profit_amount,
        predictions.has_lines,
        predictions.has_forecast as is_known
    from described
    cross join starts
    inner join predictions on predictions.tier_unit_id = starts.tier_unit_id
),

ranked as (
    select
        evaluation,
        tier_unit_id,
        {{ positive_before('profit_amount', 'evaluation') }} as positive_before_amount,
        cast(sum(greatest(profit_amount, 0)) over (partition by evaluation) as decimal(24,2))
            as positive_total_amount,
        cast(sum(greatest(profit_amount, 0)) over (
            partition by evaluation order by profit_amount desc
        ) as decimal(24,2)) as through_amount
    from evaluated
    where has_lines
),

measured as (
    select
        evaluated.*,
        case
            when evaluated.profit_amount > 0 then ranked.positive_before_amount
            else ranked.positive_total_amount
        end as before_amount,
        ranked.positive_total_amount,
        ranked.through_amount,
        case when evaluated.first_purchase_date <= evaluated.evaluated_date then
            {{ days_between('evaluated.first_purchase_date', 'evaluated.evaluated_date') }}
        end as tenure_days
    from evaluated
    left join ranked
        on ranked.evaluation = evaluated.evaluation
        and ranked.tier_unit_id = evaluated.tier_unit_id
),

final as (
    select
        measured.evaluation,
        measured.evaluated_date,
        measured.tier_unit_id,
        measured.profit_amount,
        measured.before_amount,
        measured.positive_total_amount,
        measured.through_amount,
        measured.is_known,
        config.threshold_a,
        config.threshold_b,
        case
            when not measured.has_lines then 'INACTIVE'
            when measured.tenure_days < config.minimum_tenure_days then 'NEW'
            when measured.has_lines then 'RATED'
        end as rating_status,
        {{ abc('measured.profit_amount', 'measured.before_amount',
            'measured.positive_total_amount', 'config.threshold_a', 'config.threshold_b') }}
            as raw_tier
    from measured
    inner join config
        on config.valid_from <= measured.evaluated_date
        and config.valid_until > measured.evaluated_date
)

select * from final
