with days as (select * from {{ ref('int_calendar__days') }}),

items as (select * from {{ ref('int_receivables__items_by_day') }}),

documents as (
    select * from {{ ref('int_revenue__documents') }}
    {%- if not is_present('erp_payment_applications') %} where false{% endif %}
),

payments as (
    select * from {{ ref('stg_erp__payments') }}
    {%- if not is_present('erp_payment_applications') %} where false{% endif %}
),

units as (select * from {{ ref('int_identity__account_units') }}),

contacts as (select * from {{ ref('stg_crm__contacts') }}),

-- An account appears from its first document on, and then on every day described.
first_documents as (
    select
        account_id,
        min(first_date) as first_date
    from (
        select account_id, invoice_date as first_date from documents
        union all
        select account_id, received_date as first_date from payments
    ) as all_documents
    group by account_id
),

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

grid as (
    select
        days.as_of_date,
        days.is_month_end,
        days.is_latest,
        days.epoch_date,
        first_documents.account_id
    from days
    inner join first_documents on first_documents.first_date <= days.as_of_date
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
        units.is_internal,
        finance_contacts.account_id is not null as has_finance_contact
    from grid
    inner join units
        on units.epoch_date = grid.epoch_date and units.account_id = grid.account_id
    left join sums
        on sums.as_of_date = grid.as_of_date and sums.account_id = grid.account_id
    left join finance_contacts on finance_contacts.account_id = grid.account_id
)

select * from final
