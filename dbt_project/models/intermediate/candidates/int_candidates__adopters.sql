-- How early a unit bought what was launched (Rogers, 1962), by the identity of the month-end. The
-- adopters are those known by then: later ones change no closed month, and a class only gets
-- better as others follow.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

config as ({{ dated_config('candidate_config') }}),

product_starts as (select * from {{ ref('int_candidates__product_starts') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

adopters as (
    select
        months.month_end,
        product_starts.product_id,
        units.tier_unit_id,
        config.innovator_share,
        config.early_adopter_share,
        min(product_starts.first_purchase_date) as first_purchase_date
    from months
    inner join config
        on config.valid_from <= months.month_end and config.valid_until > months.month_end
    inner join product_starts
        on product_starts.launch_date
            >= {{ add_months('months.month_start', '1 - config.launch_months') }}
        and product_starts.launch_date <= months.month_end
        and product_starts.first_purchase_date <= months.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = product_starts.account_id
    group by
        months.month_end, product_starts.product_id, units.tier_unit_id, config.innovator_share,
        config.early_adopter_share
),

ranked as (
    select
        *,
        rank() over (partition by month_end, product_id order by first_purchase_date) as place,
        count(*) over (partition by month_end, product_id) as adopters_count
    from adopters
),

levels as (
    select
        month_end,
        tier_unit_id,
        min(case
            when place <= innovator_share * adopters_count then 1
            when place <= early_adopter_share * adopters_count then 2
            when place > early_adopter_share * adopters_count then 3
        end) as class_level
    from ranked
    group by month_end, tier_unit_id
),

final as (
    select
        month_end,
        tier_unit_id,
        case class_level
            when 1 then 'innovator'
            when 2 then 'early_adopter'
            when 3 then 'later'
        end as adopter_class
    from levels
)

select * from final
