{#- The days are in the names of the columns. -#}
{%- set problem_days, window_days = 90, 180 -%}
with types as (select * from {{ ref('purchase_types') }}),

lines as (select * from {{ ref('int_orders__completed_lines') }}),

cases as (select * from {{ ref('stg_crm__service_cases') }} where case_type = 'complaint'),

products as (select * from {{ ref('stg_erp__products') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

rules as (
    select * from ({{ dated_config('purchase_rules') }}) as every_rule
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

added as (
    select
        customer_key,
        product_family,
        order_date as cross_sell_date,
        {{ money_sum('net_amount') }} as cross_sell_amount
    from types
    where purchase_type = 'cross_sell'
    group by customer_key, product_family, order_date
),

family_days as (
    select
        customer_key,
        product_family,
        order_date,
        max(case when is_return then 1 else 0 end) as return_flag,
        sum(net_amount) as net_amount
    from lines
    group by customer_key, product_family, order_date
),

starts as (
    select
        customer_key,
        product_family,
        min(order_date) as first_date
    from types
    group by customer_key, product_family
),

-- The family of a complaint; null when it names no product, or one without a family.
complaints as (
    select
        units.customer_key,
        case rules.product_level
            when 'family' then products.product_family
            when 'category' then products.product_category
        end as product_family,
        cases.opened_on
    from cases
    inner join units on units.account_id = cases.account_id
    cross join rules
    left join products on products.product_id = cases.product_id
    group by
        units.customer_key, cases.opened_on, rules.product_level, products.product_family,
        products.product_category
),

returned as (
    select
        added.customer_key,
        added.product_family
    from added
    inner join family_days
        on family_days.customer_key = added.customer_key
        and family_days.product_family = added.product_family
        and family_days.return_flag = 1
        and family_days.order_date >= added.cross_sell_date
        and family_days.order_date <= {{ add_days('added.cross_sell_date', problem_days) }}
    group by added.customer_key, added.product_family
),

complained as (
    select
        added.customer_key,
        added.product_family
    from added
    inner join complaints
        on complaints.customer_key = added.customer_key
        and coalesce(complaints.product_family, added.product_family) = added.product_family
        and complaints.opened_on >= added.cross_sell_date
        and complaints.opened_on <= {{ add_days('added.cross_sell_date', problem_days) }}
    group by added.customer_key, added.product_family
),

-- The old business: families that the customer had bought before.
original as (
    select
        added.customer_key,
        added.product_family,
        sum(case when family_days.order_date < added.cross_sell_date
            then family_days.net_amount else 0 end) as before_amount,
        sum(case when family_days.order_date > added.cross_sell_date
            then family_days.net_amount else 0 end) as after_amount
    from added
    inner join starts
        on starts.customer_key = added.customer_key
        and starts.product_family <> added.product_family
        and starts.first_date < added.cross_sell_date
    inner join family_days
        on family_days.customer_key = starts.customer_key
        and family_days.product_family = starts.product_family
    where (
        family_days.order_date < added.cross_sell_date
        and family_days.order_date >= {{ add_days('added.cross_sell_date', -window_days) }}
    ) or (
        family_days.order_date > {{ add_days('added.cross_sell_date', problem_days) }}
        and family_days.order_date
            <= {{ add_days('added.cross_sell_date', problem_days + window_days) }}
    )
    group by added.customer_key, added.product_family
),

joined as (
    select
        added.*,
        returned.customer_key is not null as is_returned,
        complained.customer_key is not null as is_complained,
        cast(coalesce(original.before_amount, 0) as decimal(18,2)) as before_amount,
        cast(coalesce(original.after_amount, 0) as decimal(18,2)) as after_amount,
        {{ add_days('added.cross_sell_date', problem_days + window_days) }} <= {{ as_of_date() }}
            as is_window_complete
    from added
    left join returned
        on returned.customer_key = added.customer_key
        and returned.product_family = added.product_family
    left join complained
        on complained.customer_key = added.customer_key
        and complained.product_family = added.product_family
    left join original
        on original.customer_key = added.customer_key
        and original.product_family = added.product_family
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        customer_key,
        product_family,
        cross_sell_date,
        cross_sell_amount,
        is_returned or is_complained as has_problem_90d,
        case
            when is_returned and is_complained then 'both'
            when is_returned then 'return'
            when is_complained then 'complaint'
            when not is_returned then 'none'
        end as problem_basis,
        before_amount as original_revenue_before_amount,
        after_amount as original_revenue_after_amount,
        case
            when is_window_complete and before_amount > 0
                then {{ ratio('after_amount - before_amount', 'before_amount') }}
        end as original_change_ratio,
        is_window_complete
    from joined
)

select * from final
