with bounds as (select * from {{ ref('int_calendar__bounds') }}),

config as (
    select
        *,
        lead(valid_from) over (order by valid_from) as valid_until
    from {{ ref('tier_config') }}
),

epochs as (select * from {{ ref('int_identity__epochs') }}),

months as (
    select spine.month_start
    from bounds,
        lateral {{ months_between('bounds.first_document_date', 'bounds.last_month_end') }} as spine
    where bounds.first_document_date is not null
),

windows as (
    select
        month_start,
        last_day(month_start) as month_end,
        {{ month_number('month_start') }} as month_number,
        {{ add_months('month_start', -11) }} as window_from,
        {{ add_months('month_start', -23) }} as opening_from,
        {{ add_days(add_months('month_start', -11), -1) }} as opening_to
    from months
),

epoch_of_month as (
    select
        windows.month_end,
        max(epochs.epoch_date) as epoch_date
    from windows
    inner join epochs on epochs.epoch_date <= windows.month_end
    group by windows.month_end
),

final as (
    select
        windows.month_end,
        windows.month_start,
        windows.month_number,
        windows.window_from,
        windows.opening_from,
        windows.opening_to,
        epoch_of_month.epoch_date,
        -- Official figures start where the first full window starts (ruling 4).
        windows.window_from >= bounds.first_document_date as is_tier_month,
        windows.opening_from >= bounds.first_document_date as is_bridge_month,
        config.valid_from as tier_config_valid_from,
        config.threshold_a,
        config.threshold_b,
        config.band,
        config.down_month_ends,
        config.minimum_tenure_days,
        config.count_share_a,
        config.count_share_b,
        config.minimum_cost_coverage
    from windows
    inner join epoch_of_month on epoch_of_month.month_end = windows.month_end
    inner join config
        on config.valid_from <= windows.month_end
        and (config.valid_until is null or config.valid_until > windows.month_end)
    cross join bounds
    where windows.month_end <= bounds.last_month_end
)

select * from final
