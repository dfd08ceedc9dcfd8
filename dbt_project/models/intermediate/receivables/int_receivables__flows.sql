-- What moved the receivables of the company, by day, at booked rates; what is voided is taken back on
-- that day. Only documents in the base
-- currency are told apart from the rest: for them the flows alone must explain the balance; for the
-- others the rest is the realised exchange difference (ruling 17).
with documents as (
    select * from {{ ref('int_receivables__documents') }}
    {%- if not is_present('erp_payment_applications') %} where false{% endif %}
),

payments as (
    select * from {{ ref('stg_erp__payments') }}
    {%- if not is_present('erp_payment_applications') %} where false{% endif %}
),

settlements as (select * from {{ ref('int_receivables__settlements') }}),

rates as (select * from {{ ref('int_fx__rates') }}),

sources as (
    select payment_id as source_id, currency_code from payments
    union all
    select invoice_id as source_id, currency_code from documents
    where document_type = 'credit_note'
),

invoices as (
    select invoice_id, currency_code from documents where document_type = 'invoice'
),

moves as (
    select
        invoice_date as flow_date,
        case document_type when 'invoice' then 'invoices' when 'credit_note' then 'memos' end
            as flow,
        currency_code = '{{ var("base_currency") }}' as is_base_currency,
        {{ at_rate('abs(gross_amount)', 'booking_rate') }} as amount
    from documents
    union all
    select
        voided_on as flow_date,
        case document_type when 'invoice' then 'invoices' when 'credit_note' then 'memos' end
            as flow,
        currency_code = '{{ var("base_currency") }}' as is_base_currency,
        -{{ at_rate('abs(gross_amount)', 'booking_rate') }} as amount
    from documents
    where voided_on <= {{ as_of_date() }}
    union all
    select
        payments.received_date as flow_date,
        'receipts' as flow,
        payments.currency_code = '{{ var("base_currency") }}' as is_base_currency,
        {{ at_rate('payments.amount', 'rates.rate_to_base') }} as amount
    from payments
    inner join rates
        on rates.currency_code = payments.currency_code and rates.rate_day = payments.received_date
    union all
    -- Without a known source the application itself is the receipt or the credit.
    select
        settlements.effective_date as flow_date,
        case
            when settlements.application_type = 'write_off' then 'write_offs'
            when settlements.application_type = 'payment' then 'receipts'
            when settlements.application_type = 'credit_note' then 'memos'
        end as flow,
        invoices.currency_code = '{{ var("base_currency") }}' as is_base_currency,
        {{ at_rate('settlements.amount', 'settlements.booking_rate') }} as amount
    from settlements
    inner join invoices on invoices.invoice_id = settlements.invoice_id
    where settlements.source_id is null
    union all
    -- Across currencies one side is in the base currency and the other is not.
    select
        settlements.effective_date as flow_date,
        'crossings' as flow,
        true as is_base_currency,
        case
            when invoices.currency_code = '{{ var("base_currency") }}' then settlements.amount
            else -settlements.source_amount
        end as amount
    from settlements
    inner join invoices on invoices.invoice_id = settlements.invoice_id
    inner join sources on sources.source_id = settlements.source_id
    where (invoices.currency_code = '{{ var("base_currency") }}')
        <> (sources.currency_code = '{{ var("base_currency") }}')
),

final as (
    select
        flow_date,
        is_base_currency,
        {%- for flow in ['invoices', 'receipts', 'memos', 'write_offs', 'crossings'] %}
        {{ money_sum("case when flow = '" ~ flow ~ "' then amount end") }} as {{ flow }}_amount
        {{- ',' if not loop.last }}
        {%- endfor %}
    from moves
    group by flow_date, is_base_currency
)

select * from final
