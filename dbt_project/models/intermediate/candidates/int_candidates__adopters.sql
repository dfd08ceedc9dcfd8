-- How early a unit bought what was launched (Rogers, 1962), by the identity of the month-end. The
-- adopters are those known by then: later ones change no closed month, and a class only gets
-- better as others follow. Units are counted by day, so that none is sorted.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

config as ({{ dated_config('candidate_config') }}),

product_starts as (select * from {{ ref('int_candidates__product_starts') }}),

counted as (
    select
        product_id,
        launch_date,
        members_from,
        members_until,
        first_purchase_date,
        count(*) as units_count
    from product_starts
    group by product_id, launch_date, members_from, members_until, first_purchase_date
),

days as (
    select
        months.month_end,
        months.epoch_date,
        counted.product_id,
        counted.first_purchase_date,
        config.innovator_share,
        config.early_adopter_share,
        cast(sum(counted.units_count) as bigint) as units_count
    from months
    inner join config
        on config.valid_from <= months.month_end and config.valid_until > months.month_end
    inner join counted
        on counted.launch_date
            >= {{ add_months('months.month_start', '1 - config.launch_months') }}
        and counted.launch_date <= months.month_end
        and counted.first_purchase_date <= months.month_end
        and counted.members_from <= months.epoch_date
        and counted.members_until > months.epoch_date
    group by
        months.month_end, months.epoch_date, counted.product_id, counted.first_purchase_date,
        config.innovator_share, config.early_adopter_share
),

-- Who bought first on the same day shares the better rank.
ranked as (
    select
        *,
        cast(sum(units_count) over (
            partition by month_end, product_id order by first_purchase_date
        ) as bigint) - units_count + 1 as place,
        cast(sum(units_count) over (partition by month_end, product_id) as bigint)
            as adopters_count
    from days
),

limits as (
    select
        month_end,
        epoch_date,
        product_id,
        max(case when place <= innovator_share * adopters_count then first_purchase_date end)
            as innovators_until,
        max(case when place <= early_adopter_share * adopters_count then first_purchase_date end)
            as early_adopters_until
    from ranked
    group by month_end, epoch_date, product_id
),

levels as (
    select
        limits.month_end,
        product_starts.tier_unit_id,
        min(case
            when product_starts.first_purchase_date <= limits.innovators_until then 1
            when product_starts.first_purchase_date <= limits.early_adopters_until then 2
            when product_starts.first_purchase_date <= limits.month_end then 3
        end) as class_level
    from limits
    inner join product_starts
        on product_starts.product_id = limits.product_id
        and product_starts.first_purchase_date <= limits.month_end
        and product_starts.members_from <= limits.epoch_date
        and product_starts.members_until > limits.epoch_date
    group by limits.month_end, product_starts.tier_unit_id
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
