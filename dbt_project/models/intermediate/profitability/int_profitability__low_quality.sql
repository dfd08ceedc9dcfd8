{%- set values = ['orders_count', 'average_order_amount', 'margin_ratio'] -%}
-- Accounts that place many small orders, loosely, at a thin margin, at the last month-end (T13).
-- Quartiles are those of the channel, by linear interpolation, and compared without a division:
-- between the values at two places of the sorted list.
with windows as (
    select * from {{ ref('int_profitability__windows') }}
    where month_end = (select last_month_end from {{ ref('int_calendar__bounds') }})
),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

-- Whose customer has fallen silent beyond its rhythm buys loosely as well.
at_risk as (
    select
        lifecycle.as_of_date as month_end,
        units.account_id
    from {{ ref('int_retention__lifecycle') }} as lifecycle
    inner join units
        on units.epoch_date = lifecycle.epoch_date
        and units.customer_key = lifecycle.customer_key
    where lifecycle.is_month_end and lifecycle.lifecycle_state = 'at_risk'
),

rules as (
    select
        {%- for rule in ['upper_share', 'lower_share', 'gap_variation', 'minimum_accounts'] %}
        {{ rule }}.amount as {{ rule }},
        {%- endfor %}
        bounds.last_month_end as month_end
    from {{ ref('int_calendar__bounds') }} as bounds
    {%- for rule in ['upper_share', 'lower_share', 'gap_variation', 'minimum_accounts'] %}
    inner join ({{ dated_rule('low_quality_' ~ rule) }}) as {{ rule }}
        on {{ rule }}.valid_from <= bounds.last_month_end
        and {{ rule }}.valid_until > bounds.last_month_end
    {%- endfor %}
),

-- The margin is that of contribution profit where it is known, else of gross profit.
measured as (
    select
        windows.account_id,
        versions.channel,
        windows.orders_count,
        {{ multiply_divide('windows.current_net_amount', '1', 'windows.orders_count', 4) }}
            as average_order_amount,
        {{ ratio('windows.gross_profit_amount - coalesce(windows.cost_to_serve_amount, 0)',
            'windows.current_net_amount') }} as margin_ratio,
        -- variance >= limit^2 x mean^2, in whole numbers: n S2 - S^2 >= limit^2 S^2.
        (windows.gaps_count >= 2
            and cast(windows.gaps_count * windows.squared_gap_days
                - windows.gap_days * windows.gap_days as decimal(28,0))
            >= cast(rules.gap_variation as decimal(8,4)) * cast(rules.gap_variation as decimal(8,4))
                * cast(windows.gap_days * windows.gap_days as decimal(20,0)))
            or at_risk.account_id is not null as is_irregular,
        rules.upper_share,
        rules.lower_share,
        rules.minimum_accounts
    from windows
    inner join versions
        on versions.account_id = windows.account_id
        and versions.valid_from <= windows.month_end
        and versions.valid_to > windows.month_end
    inner join rules on rules.month_end = windows.month_end
    left join at_risk
        on at_risk.month_end = windows.month_end and at_risk.account_id = windows.account_id
    where windows.orders_count > 0
        and windows.current_net_amount > 0
        and windows.gross_profit_amount is not null
),

placed as (
    select
        measured.*,
        {%- for value in values %}
        row_number() over (partition by channel order by {{ value }}, account_id)
            as {{ value }}_place,
        {%- endfor %}
        count(*) over (partition by channel) as accounts_count
    from measured
),

-- The quartile lies between places 1 + floor((n - 1) x share) and the next, so far beyond the first.
steps as (
    select
        placed.*,
        cast(floor((accounts_count - 1) * upper_share) as bigint) + 1 as upper_place,
        cast(floor((accounts_count - 1) * lower_share) as bigint) + 1 as lower_place
    from placed
),

quartiles as (
    select
        channel,
        max(accounts_count) as accounts_count,
        {%- for value, side in [('orders_count', 'upper'), ('average_order_amount', 'lower'),
            ('margin_ratio', 'lower')] %}
        max(case when {{ value }}_place = {{ side }}_place then {{ value }} end) as {{ value }}_at,
        max(case when {{ value }}_place = {{ side }}_place + 1 then {{ value }} end)
            as {{ value }}_next,
        {%- endfor %}
        cast(max((accounts_count - 1) * upper_share - (upper_place - 1)) as decimal(6,4))
            as upper_part,
        cast(max((accounts_count - 1) * lower_share - (lower_place - 1)) as decimal(6,4))
            as lower_part
    from steps
    group by channel
),

final as (
    select
        measured.account_id,
        quartiles.accounts_count >= measured.minimum_accounts
        and measured.is_irregular
        and measured.orders_count >= quartiles.orders_count_at + quartiles.upper_part
            * (coalesce(quartiles.orders_count_next, quartiles.orders_count_at)
                - quartiles.orders_count_at)
        {%- for value in ['average_order_amount', 'margin_ratio'] %}
        and measured.{{ value }} <= quartiles.{{ value }}_at + quartiles.lower_part
            * (coalesce(quartiles.{{ value }}_next, quartiles.{{ value }}_at)
                - quartiles.{{ value }}_at)
        {%- endfor %} as is_low_quality
    from measured
    inner join quartiles on quartiles.channel = measured.channel
)

select * from final
