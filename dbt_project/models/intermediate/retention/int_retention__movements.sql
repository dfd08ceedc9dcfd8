-- Every customer with anything in either window, with its one movement; null where neither window
-- holds a book (credits only). First the state, then the size.
with books as (select * from {{ ref('int_retention__books') }}),

months as (select * from {{ ref('int_calendar__month_ends') }}),

customers as (select * from {{ ref('int_retention__customers') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

tiers as (select * from {{ ref('int_tiers__states') }}),

measured as (
    {%- for measure in ['revenue', 'profit'] %}
    select
        month_end,
        comparison,
        '{{ measure }}' as measure,
        customer_key,
        cast(greatest(opening_{{ measure }}_amount, 0) as decimal(18,2)) as opening_amount,
        cast(greatest(closing_{{ measure }}_amount, 0) as decimal(18,2)) as closing_amount,
        cast(least(closing_{{ measure }}_amount, 0) as decimal(18,2)) as credit_only_amount
    from books
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

windowed as (
    select
        measured.*,
        months.epoch_date,
        months.month_number,
        case measured.comparison
            when 'year_over_year' then months.opening_from
            when 'month_over_month' then {{ add_months('months.month_start', -1) }}
        end as opening_from,
        case measured.comparison
            when 'year_over_year' then months.opening_to
            when 'month_over_month' then {{ add_days('months.month_start', -1) }}
        end as opening_to,
        case measured.comparison
            when 'year_over_year' then months.window_from
            when 'month_over_month' then months.month_start
        end as closing_from
    from measured
    inner join months on months.month_end = measured.month_end
),

final as (
    select
        windowed.month_end,
        windowed.comparison,
        windowed.measure,
        windowed.customer_key,
        windowed.opening_from,
        windowed.opening_to,
        windowed.closing_from,
        windowed.opening_amount,
        windowed.closing_amount,
        case
            when windowed.opening_amount = 0 and windowed.closing_amount = 0 then null
            when windowed.opening_amount = 0
                and (customers.first_purchase_date < windowed.opening_from or customers.is_legacy)
                then 'won_back'
            when windowed.opening_amount = 0 then 'new'
            when windowed.closing_amount = 0 then 'churn'
            when windowed.closing_amount > windowed.opening_amount then 'expansion'
            when windowed.closing_amount < windowed.opening_amount then 'contraction'
            when windowed.closing_amount = windowed.opening_amount then 'unchanged'
        end as movement,
        cast(windowed.closing_amount - windowed.opening_amount as decimal(18,2))
            as movement_amount,
        windowed.credit_only_amount,
        tiers.tier,
        versions.channel,
        versions.region,
        versions.owner_user_id,
        versions.exit_type,
        customers.first_purchase_date,
        customers.is_legacy
    from windowed
    inner join customers
        on customers.epoch_date = windowed.epoch_date
        and customers.customer_key = windowed.customer_key
    inner join versions
        on versions.account_id = windowed.customer_key
        and versions.valid_from <= windowed.month_end
        and versions.valid_to > windowed.month_end
    left join tiers
        on tiers.tier_unit_id = customers.tier_unit_id
        and tiers.month_end = windowed.opening_to
)

select * from final
