-- Signals that money was received and not brought to the account: each account from its first
-- document of any kind on, on every day described. Empty without payments or applications.
{%- set is_known = is_present('erp_payments') and is_present('erp_payment_applications') %}
{%- set measures = ['receipts_count', 'receipts_amount', 'third_party_amount', 'cash_amount',
    'reversed_count', 'applications_count', 'applied_amount', 'out_of_order_amount',
    'cross_account_amount'] %}
with grid as (
    select * from {{ ref('int_receivables__account_days') }}{% if not is_known %} where false{% endif %}
),

payments as (
    select * from {{ ref('stg_erp__payments') }}{% if not is_known %} where false{% endif %}
),

receipts as (select * from {{ ref('int_control__receipts') }}),

applications as (select * from {{ ref('int_control__applications') }}),

lags as (select * from {{ ref('int_control__lags') }}),

positions as (select * from {{ ref('int_control__positions') }}),

confirmations as (select * from {{ ref('int_control__confirmations') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

rules as ({{ dated_rows('control_rules') }}),

-- A column that no receipt had filled by a day says nothing on it.
named as (
    select
        min(case when payer_account_id is not null then received_date end) as payer_from,
        min(case when method is not null then received_date end) as method_from
    from payments
),

facts as (
    select
        account_id, month_number, is_in_year_to_d, receipts_count, receipts_amount,
        third_party_amount, cash_amount, reversed_count, 0 as applications_count,
        0 as applied_amount, 0 as out_of_order_amount, 0 as cross_account_amount
    from receipts
    union all
    select
        account_id, month_number, is_in_year_to_d, 0 as receipts_count, 0 as receipts_amount,
        0 as third_party_amount, 0 as cash_amount, 0 as reversed_count, applications_count,
        applied_amount, out_of_order_amount, cross_account_amount
    from applications
),

-- Months with facts, and month-ends that are described.
months as (
    select
        account_id,
        month_number,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from facts
    group by account_id, month_number
    union all
    select
        account_id,
        month_number,
        {%- for measure in measures %}
        0 as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from grid
    where is_month_end
),

by_month as (
    select
        account_id,
        month_number,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from months
    group by account_id, month_number
),

year_to_month as (
    select
        account_id,
        month_number,
        {%- for measure in measures %}
        sum({{ measure }}) over twelve_months as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from by_month
    window twelve_months as (
        partition by account_id order by month_number
        range between 11 preceding and current row
    )
),

year_to_d as (
    select
        account_id,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from facts
    where is_in_year_to_d
    group by account_id
),

sums as (
    select
        grid.as_of_date,
        grid.account_id,
        {%- for measure in measures %}
        {{ 'cast(' if measure.endswith('_amount') }}case
            when grid.is_month_end then coalesce(year_to_month.{{ measure }}, 0)
            else coalesce(year_to_d.{{ measure }}, 0)
        end{{ ' as decimal(18,2))' if measure.endswith('_amount') }} as {{ measure }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from grid
    left join year_to_month
        on year_to_month.account_id = grid.account_id
        and year_to_month.month_number = grid.month_number
    left join year_to_d on year_to_d.account_id = grid.account_id
),

joined as (
    select
        sums.*,
        versions.owner_user_id,
        coalesce(positions.gross_open_amount, 0) as gross_open_amount,
        coalesce(positions.unapplied_old_amount, 0) as unapplied_old_amount,
        positions.oldest_unapplied_days,
        lags.application_lag_days,
        lags.applications_count as lags_count,
        confirmations.difference_amount,
        confirmations.ledger_amount,
        coalesce(named.payer_from <= sums.as_of_date, false) as is_payer_known,
        coalesce(named.method_from <= sums.as_of_date, false) as is_method_known,
        rules.unapplied_share,
        rules.minimum_count,
        rules.lag_days,
        rules.third_party_share,
        rules.cash_share,
        rules.out_of_order_share,
        rules.cross_account_share,
        rules.confirmation_share
    from sums
    inner join versions
        on versions.account_id = sums.account_id
        and versions.valid_from <= sums.as_of_date
        and versions.valid_to > sums.as_of_date
    inner join rules
        on rules.valid_from <= sums.as_of_date and rules.valid_until > sums.as_of_date
    left join positions
        on positions.as_of_date = sums.as_of_date and positions.account_id = sums.account_id
    left join lags
        on lags.as_of_date = sums.as_of_date and lags.account_id = sums.account_id
    -- The newest one of the twelve months.
    left join confirmations
        on confirmations.account_id = sums.account_id
        and confirmations.confirmation_date <= sums.as_of_date
        and confirmations.confirmed_until > sums.as_of_date
        and confirmations.confirmation_date > {{ year_before('sums.as_of_date') }}
    left join named on true
),

-- What lies unapplied counts against what is open: without anything open it has nowhere to go.
judged as (
    select
        *,
        concat_ws(
            '|',
            case when unapplied_old_amount > 0 and gross_open_amount > 0
                and unapplied_old_amount >= gross_open_amount * unapplied_share
                then 'unapplied_over_30d' end,
            case when lags_count >= minimum_count and application_lag_days > lag_days
                then 'slow_application' end,
            case when receipts_count >= minimum_count and is_payer_known
                and third_party_amount >= receipts_amount * third_party_share
                then 'third_party_payer' end,
            case when receipts_count >= minimum_count and is_method_known
                and cash_amount >= receipts_amount * cash_share then 'cash_method' end,
            case when applications_count >= minimum_count
                and out_of_order_amount >= applied_amount * out_of_order_share
                then 'out_of_order' end,
            case when applications_count >= minimum_count
                and cross_account_amount >= applied_amount * cross_account_share
                then 'cross_account' end,
            case when difference_amount <> 0
                and abs(difference_amount) >= abs(ledger_amount) * confirmation_share
                then 'confirmation_difference' end
        ) as reasons
    from joined
),

final as (
    select
        as_of_date,
        account_id,
        owner_user_id,
        cast(gross_open_amount as decimal(18,2)) as gross_open_amount,
        cast(unapplied_old_amount as decimal(18,2)) as unapplied_over_30d_amount,
        oldest_unapplied_days,
        application_lag_days,
        cast(receipts_count as bigint) as receipts_count,
        receipts_amount,
        case when is_payer_known then {{ ratio('third_party_amount', 'receipts_amount') }} end
            as third_party_payer_ratio,
        case when is_method_known then {{ ratio('cash_amount', 'receipts_amount') }} end
            as cash_method_ratio,
        {{ ratio('out_of_order_amount', 'applied_amount') }} as out_of_order_ratio,
        {{ ratio('cross_account_amount', 'applied_amount') }} as cross_account_ratio,
        cast(reversed_count as bigint) as reversed_receipts_count,
        difference_amount as confirmation_difference_amount,
        reasons <> '' as is_review_needed,
        nullif(reasons, '') as reasons
    from judged
)

select * from final
