"""The ERP entities as views out_<entity>, ready for export."""

from __future__ import annotations

import duckdb

from keyaccounts.demo.spec import Spec

_VIEWS = {
    "erp_products": """
        select product_id(no) as product_id, family || ' ' || (slot + 1) as product_name,
            family as product_family, if(family_no = 11, 'service', 'goods') as product_category,
            coalesce(date '{start}' + to_months(launch_month), date '{start}' - 900)::date
                as launch_date,
            family_no = 11 as is_service,
            -- Some products were made for the customer that bought them first.
            if(no % 17 = 0, (select account_id(min_by(account_no, order_no)) from lines
                where product_no = no), null) as origin_account_id,
            launch_date::timestamp as updated_at
        from products order by no""",
    "erp_orders": """
        select order_id(order_no) as order_id, account_id(account_no) as account_id, order_date,
            currency as currency_code,
            case when is_cancelled or is_void then 'cancelled'
                when invoice_no is not null then 'completed' else 'open' end as status,
            if(u('quoted', order_no) < 0.3 and account_no in (select substr(account_id, 2)::int
                from out_crm_opportunities), 'OPP' || lpad(account_no::varchar, 6, '0') || '-1',
                null) as opportunity_id,
            if(u('quoted', order_no) < 0.3,
                order_date - (1 + die('quote', order_no, 20))::int, null)::date as quote_date,
            if(is_cancelled or u('freight', order_no) < 0.2, null,
                5 + die('freight cost', order_no, 60))::decimal(18, 2) as freight_amount,
            worktime(if(invoice_no is not null, invoice_date, order_date), order_no) as updated_at
        from docs join acc on acc.no = account_no
        union all by name
        select 'RO' || lpad(credit_no::varchar, 8, '0') as order_id,
            account_id(account_no) as account_id, credit_date as order_date,
            currency as currency_code, 'completed' as status,
            worktime(credit_date, credit_no) as updated_at
        from credits join acc on acc.no = account_no where is_return
        order by order_id""",
    "erp_order_lines": """
        with drawn as (
            select *, bits('order line', order_no::bigint * 16 + line_no) as b,
                case when invoice_no is not null and not is_void
                    then greatest(order_date, invoice_date - floor(3 * piece(b, 0))::int)::date end
                    as delivered
            from lines
        )
        select order_id(order_no) || '-' || line_no as order_line_id, order_id(order_no)
            as order_id,
            product_id(product_no) as product_id, quantity, list_amount, net_amount,
            round(net_amount * 1.13, 2) as gross_amount, false as is_return,
            case when delivered is null then order_date + 7 + floor(14 * piece(b, 2))::int
                when piece(b, 1) < 0.08 and not is_story
                    then greatest(order_date, delivered - 1 - floor(20 * piece(b, 2))::int)
                else delivered + floor(6 * piece(b, 2))::int end::date as promised_date,
            delivered as delivered_date,
            case when delivered is null then null
                when piece(b, 3) < 0.04 and not is_story then round(quantity * 0.9, 4)
                else quantity end as delivered_quantity,
            worktime(coalesce(delivered, order_date), order_no) as updated_at
        from drawn
        union all
        select 'RO' || lpad(credit_no::varchar, 8, '0') || '-' || line_no,
            'RO' || lpad(credit_no::varchar, 8, '0'), product_id(product_no), quantity, list_amount,
            net_amount, round(net_amount * 1.13, 2), true, null, null, null,
            worktime(credit_date, credit_no)
        from credit_lines where is_return""",
    "erp_invoices": """
        select invoice_id(i.invoice_no) as invoice_id, account_id(i.account_no) as account_id,
            if(i.is_story or u('no order', i.invoice_no) >= 0.03, order_id(i.order_no), null)
                as order_id,
            'invoice' as document_type, i.invoice_date,
            if(i.is_story or u('no due date', i.invoice_no) >= 0.02,
                (i.invoice_date + a.pay_terms)::date,
                null) as due_date,
            a.currency as currency_code, i.gross_amount,
            if(p.kind = 'dispute', p.aside, null) as disputed_amount,
            if(i.is_void, 'void', 'posted') as status,
            if(i.is_void, least(date '{end}', i.invoice_date + 5), null)::date as voided_on,
            a.pay_terms = 0 as is_cash_sale, null as credit_reason,
            worktime(i.invoice_date, i.invoice_no) as updated_at
        from invoices i join acc a on a.no = i.account_no
        left join plans p on p.invoice_no = i.invoice_no
        union all
        select credit_id(credit_no), account_id(account_no), order_id(order_no), 'credit_note',
            credit_date, null, currency, gross_amount, null, 'posted', null, null,
            if(is_return, 'return', ['rebate', 'price_correction'][1 + credit_no % 2]),
            worktime(credit_date, credit_no)
        from credit_notes join acc on acc.no = account_no
        order by invoice_id""",
    "erp_invoice_lines": """
        select invoice_id(invoice_no) || '-' || line_no as invoice_line_id,
            invoice_id(invoice_no) as invoice_id, product_id(product_no) as product_id, quantity,
            list_amount, net_amount, cogs_amount, order_id(order_no) || '-' || line_no
                as order_line_id,
            worktime(invoice_date, invoice_no) as updated_at
        from lines where invoice_no is not null
        union all
        select credit_id(credit_no) || '-' || line_no, credit_id(credit_no), product_id(product_no),
            quantity, list_amount, net_amount, cogs_amount,
            if(is_return, 'RO' || lpad(credit_no::varchar, 8, '0') || '-' || line_no, null),
            worktime(credit_date, credit_no)
        from credit_lines""",
    "erp_payments": """
        select payment_id, account_id(account_no) as account_id,
            account_id(coalesce(parent_no, if(die('payer', account_no, 40) = 0, 1, account_no)))
                as payer_account_id,
            received_on as received_date,
            case when die('method', hash(payment_id), 100) < 80 then 'transfer'
                when die('method', hash(payment_id), 100) < 93 then 'draft'
                when sales_channel = 'offline' then 'cash' else 'cheque' end as method,
            p.currency as currency_code, amount, worktime(received_on, account_no) as updated_at
        from payments p join acc on acc.no = account_no where received_on <= date '{end}'
        order by payment_id""",
    "erp_payment_applications": """
        select application_id, kind as application_type, source_id as source_document_id,
            invoice_id(invoice_no) as invoice_id, applied_on as applied_date, amount,
            worktime(applied_on, invoice_no) as updated_at
        from applications order by application_id""",
    "erp_exchange_rates": """
        select currency_code, rate_date, rate_to_base, rate_date::timestamp as updated_at
        from rates order by currency_code, rate_date""",
    "erp_gl_balances": """
        select balance_date, receivables_amount, balance_date::timestamp as updated_at
        from balances order by balance_date""",
}


def create_erp_views(con: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """Create the views; the tables of all earlier steps must exist."""
    for entity, sql in _VIEWS.items():
        con.execute(f"create view out_{entity} as " + sql.format(start=spec.start, end=spec.end))
