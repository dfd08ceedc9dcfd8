-- Days on which the credit status of an account changed. It is tested on days with a document, an
-- order or a change of limit, at booked rates: exchange rates alone change no status here.
with balances as (
    select * from {{ ref('int_receivables__balances') }} where kind = 'invoice'
),

orders as (
    select * from {{ ref('int_credit__order_periods') }}
    {%- if not is_present('erp_payment_applications') %} where false{% endif %}
),

tax_ratios as (select * from {{ ref('int_credit__tax_ratios') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

rules as ({{ dated_rows('credit_rules') }}),

limit_changes as (
    select
        account_id,
        valid_from as day
    from (
        select
            account_id,
            valid_from,
            credit_limit_amount is distinct from lag(credit_limit_amount) over (
                partition by account_id order by valid_from
            ) as is_change
        from versions
    ) as compared
    where is_change and valid_from > {{ beginning_of_time() }}
),

moves as (
    {%- for column, sign in [('valid_from', ''), ('valid_to', '-')] %}
    select
        account_id,
        {{ column }} as day,
        {{ sign }}open_booked_amount as known_amount,
        0 as untaxed_amount
    from balances
    union all
    select
        account_id,
        {{ column }} as day,
        case when is_taxed then {{ sign }}order_amount else 0 end as known_amount,
        case when is_taxed then 0 else {{ sign }}order_amount end as untaxed_amount
    from orders
    union all
    {%- endfor %}
    select
        account_id,
        day,
        0 as known_amount,
        0 as untaxed_amount
    from limit_changes
),

by_day as (
    select
        account_id,
        day,
        sum(known_amount) as known_amount,
        sum(untaxed_amount) as untaxed_amount
    from moves
    where day <= {{ as_of_date() }}
    group by account_id, day
),

cumulated as (
    select
        account_id,
        day,
        cast(sum(known_amount) over so_far as decimal(18,2)) as known_amount,
        cast(sum(untaxed_amount) over so_far as decimal(18,2)) as untaxed_amount
    from by_day
    window so_far as (
        partition by account_id order by day rows between unbounded preceding and current row
    )
),

exposures as (
    select
        cumulated.account_id,
        cumulated.day,
        versions.credit_limit_amount,
        versions.owner_user_id,
        versions.is_internal,
        cast(cumulated.known_amount + coalesce({{ multiply_divide(
            'cumulated.untaxed_amount', 'tax_ratios.taxed_amount', 'tax_ratios.untaxed_amount'
        ) }}, 0) as decimal(18,2)) as exposure_amount,
        rules.watch_share,
        rules.hold_share
    from cumulated
    inner join versions
        on versions.account_id = cumulated.account_id
        and versions.valid_from <= cumulated.day
        and versions.valid_to > cumulated.day
    inner join rules
        on rules.valid_from <= cumulated.day and rules.valid_until > cumulated.day
    left join tax_ratios
        on tax_ratios.account_id = cumulated.account_id
        and tax_ratios.month_number = {{ month_number('cumulated.day') }}
),

states as (
    select
        *,
        {{ credit_status('exposure_amount', 'credit_limit_amount', 'watch_share', 'hold_share') }}
            as credit_status
    from exposures
),

-- Before its first document an account owes nothing.
compared as (
    select
        *,
        coalesce(
            lag(credit_status) over (partition by account_id order by day),
            case
                when credit_limit_amount is null then 'no_limit'
                when credit_limit_amount >= 0 then 'ok'
            end
        ) as former_status
    from states
),

final as (
    select
        account_id,
        day as changed_on,
        owner_user_id,
        is_internal,
        former_status,
        credit_status,
        credit_limit_amount,
        exposure_amount
    from compared
    where credit_status <> former_status
)

select * from final
