with grid as (select * from {{ ref('int_receivables__account_days') }}),

items as (select * from {{ ref('int_receivables__items_by_day') }}),

contacts as (select * from {{ ref('stg_crm__contacts') }}),

sums as (
    select
        as_of_date,
        account_id,
        {%- for column, bucket in [
            ('current', 'current'), ('overdue_1_30', '1-30'), ('overdue_31_60', '31-60'),
            ('overdue_61_90', '61-90'), ('overdue_90_plus', '90+')
        ] %}
        {{ money_sum("case when bucket = '" ~ bucket ~ "' then open_amount end") }}
            as {{ column }}_amount,
        {%- endfor %}
        {%- for column, bucket in [
            ('age_0_30', '0-30'), ('age_31_60', '31-60'), ('age_61_90', '61-90'),
            ('age_90_plus', '90+')
        ] %}
        {{ money_sum("case when age_bucket = '" ~ bucket ~ "' then open_amount end") }}
            as {{ column }}_amount,
        {%- endfor %}
        {{ money_sum("case when kind = 'invoice' then open_amount end") }} as gross_open_amount,
        {{ money_sum("case when kind in ('payment', 'surplus') then open_amount end") }}
            as unapplied_cash_amount,
        {{ money_sum("case when kind = 'credit_note' then open_amount end") }}
            as unapplied_credit_amount,
        {{ money_sum("case when kind = 'invoice' then open_booked_amount
            else -open_booked_amount end") }} as net_receivables_booked_amount,
        {{ money_sum("case when kind = 'invoice' then disputed_amount end") }} as disputed_amount,
        sum(case when kind = 'invoice' then 1 else 0 end) as open_items_count
    from items
    group by as_of_date, account_id
),

finance_contacts as (
    select account_id from contacts
    where department = 'finance' and is_active
    group by account_id
),

final as (
    select
        grid.as_of_date,
        grid.is_month_end,
        grid.is_latest,
        grid.account_id,
        {%- for column in [
            'current', 'overdue_1_30', 'overdue_31_60', 'overdue_61_90', 'overdue_90_plus',
            'age_0_30', 'age_31_60', 'age_61_90', 'age_90_plus', 'gross_open'
        ] %}
        coalesce(sums.{{ column }}_amount, 0) as {{ column }}_amount,
        {%- endfor %}
        cast(coalesce(sums.gross_open_amount - sums.current_amount, 0) as decimal(18,2))
            as overdue_amount,
        coalesce(sums.unapplied_cash_amount, 0) as unapplied_cash_amount,
        coalesce(sums.unapplied_credit_amount, 0) as unapplied_credit_amount,
        cast(coalesce(
            sums.gross_open_amount - sums.unapplied_cash_amount - sums.unapplied_credit_amount, 0
        ) as decimal(18,2)) as net_receivables_amount,
        coalesce(sums.net_receivables_booked_amount, 0) as net_receivables_booked_amount,
        cast(coalesce(
            sums.gross_open_amount - sums.unapplied_cash_amount - sums.unapplied_credit_amount
            - sums.net_receivables_booked_amount, 0
        ) as decimal(18,2)) as unrealised_fx_amount,
        coalesce(sums.disputed_amount, 0) as disputed_amount,
        cast(coalesce(sums.open_items_count, 0) as bigint) as open_items_count,
        grid.is_internal,
        finance_contacts.account_id is not null as has_finance_contact
    from grid
    left join sums
        on sums.as_of_date = grid.as_of_date and sums.account_id = grid.account_id
    left join finance_contacts on finance_contacts.account_id = grid.account_id
)

select * from final
