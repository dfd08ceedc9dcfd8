-- What an account's documents usually owe for what they sell: gross and net of the twelve months
-- before a month, of the company where the account has none or its lines say less than its net.
-- Months before only, so that a later document changes no earlier day.
with orders as (select * from {{ ref('int_credit__order_periods') }}),

documents as (select * from {{ ref('int_revenue__documents') }}),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

starts as (
    select
        account_id,
        min(valid_from) as first_day
    from orders
    group by account_id
),

started as (
    select min(first_day) as first_day from starts
),

spine as (
    select months.month_start
    from started,
        lateral {{ months_between('started.first_day', as_of_date()) }} as months
    where started.first_day is not null
),

facts as (
    select
        account_id,
        {{ month_number('month_start') }} as month_number,
        {{ at_rate('gross_amount', 'booking_rate') }} as gross_amount,
        0 as net_amount
    from documents
    union all
    select
        account_id,
        month_number,
        0 as gross_amount,
        net_amount
    from account_months
),

-- The company is the account without a name.
months as (
    select
        account_id,
        month_number,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount
    from facts
    group by account_id, month_number
    union all
    select
        cast(null as {{ text_type() }}) as account_id,
        month_number,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount
    from facts
    group by month_number
    union all
    select
        starts.account_id,
        {{ month_number('spine.month_start') }} as month_number,
        0 as gross_amount,
        0 as net_amount
    from starts
    inner join spine on spine.month_start >= {{ month_start('starts.first_day') }}
    union all
    select
        cast(null as {{ text_type() }}) as account_id,
        {{ month_number('month_start') }} as month_number,
        0 as gross_amount,
        0 as net_amount
    from spine
),

by_month as (
    select
        account_id,
        month_number,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount
    from months
    group by account_id, month_number
),

before as (
    select
        account_id,
        month_number,
        cast(coalesce(sum(gross_amount) over earlier, 0) as decimal(18,2)) as gross_amount,
        cast(coalesce(sum(net_amount) over earlier, 0) as decimal(18,2)) as net_amount
    from by_month
    window earlier as (
        partition by account_id order by month_number
        range between 12 preceding and 1 preceding
    )
),

plausible as (
    select * from before where net_amount > 0 and gross_amount >= net_amount
),

-- Nothing known at all: the orders stand without tax.
final as (
    select
        before.account_id,
        before.month_number,
        coalesce(own.gross_amount, company.gross_amount, 1) as taxed_amount,
        coalesce(own.net_amount, company.net_amount, 1) as untaxed_amount
    from before
    inner join starts on starts.account_id = before.account_id
    left join plausible as own
        on own.account_id = before.account_id and own.month_number = before.month_number
    left join plausible as company
        on company.account_id is null and company.month_number = before.month_number
)

select * from final
