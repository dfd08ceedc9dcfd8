-- What the four queries share. Written for the made-up company: one version of each account, one set
-- of rules, no cost to serve, no application across currencies, no application of a voided document,
-- as of a month-end.
create table staging.accounts as
with recursive landed as (
    select
        account_id,
        cast(timezone('Asia/Shanghai', timezone('UTC', created_at)) as date) as created_on,
        parent_account_id,
        merged_into_account_id,
        tax_id,
        coalesce(channel, 'unknown') as channel,
        owner_user_id,
        coalesce(is_internal, false) as is_internal,
        payment_terms_days,
        exit_type
    from landing.crm_account_versions
),

merged as (
    select account_id, coalesce(merged_into_account_id, account_id) as survivor_id from landed
),

same_tax_id as (
    select landed.tax_id, min(merged.survivor_id) as customer_key
    from landed
    join merged using (account_id)
    where landed.tax_id is not null and not landed.is_internal
    group by landed.tax_id
),

customers as (
    select
        landed.account_id,
        case
            when landed.is_internal then landed.account_id
            else coalesce(
                min(same_tax_id.customer_key) over (partition by merged.survivor_id),
                merged.survivor_id
            )
        end as customer_key
    from landed
    join merged using (account_id)
    left join same_tax_id on same_tax_id.tax_id = landed.tax_id and not landed.is_internal
),

parents as (
    select own.account_id, above.customer_key as parent_id
    from landed as own
    join customers as own_key on own_key.account_id = own.account_id
    join customers as above on above.account_id = own.parent_account_id
    join landed as above_account on above_account.account_id = above.account_id
    where own_key.customer_key = own.account_id
        and above.customer_key <> own.account_id
        and not own.is_internal
        and not above_account.is_internal
),

walk as (
    select account_id, parent_id, 1 as depth from parents
    union all
    select walk.account_id, parents.parent_id, walk.depth + 1
    from walk
    join parents on parents.account_id = walk.parent_id
    where walk.depth < 20
),

roots as (select account_id, arg_max(parent_id, depth) as root_id from walk group by account_id)

select
    landed.*,
    customers.customer_key,
    coalesce(roots.root_id, customers.customer_key) as tier_unit_id
from landed
join customers using (account_id)
left join roots on roots.account_id = customers.customer_key;

-- The rate of a document is the newest one up to its day. Who owes what knows documents until the
-- day on which they were voided, what was sold never does.
create table staging.receivable_documents as
select
    invoices.invoice_id,
    invoices.account_id,
    invoices.order_id,
    invoices.document_type,
    invoices.invoice_date,
    invoices.due_date,
    coalesce(invoices.currency_code, 'CNY') as currency_code,
    invoices.gross_amount,
    coalesce(invoices.disputed_amount, 0) as disputed_amount,
    case when invoices.status = 'void' then invoices.voided_on end as voided_on,
    case
        when coalesce(invoices.currency_code, 'CNY') = 'CNY' then cast(1 as decimal(18,8))
        else rates.rate_to_base
    end as rate
from landing.erp_invoices as invoices
asof left join landing.erp_exchange_rates as rates
    on rates.currency_code = invoices.currency_code and rates.rate_date <= invoices.invoice_date
where invoices.is_deleted is not true
    and (
        coalesce(invoices.status, 'posted') = 'posted'
        or invoices.voided_on > invoices.invoice_date
    )
    and invoices.invoice_date <= date '{{ as_of_date }}';

create view staging.documents as
select * from staging.receivable_documents where voided_on is null;

create table staging.months as
with first_document as (
    select min(documents.invoice_date) as first_date
    from staging.documents
    join staging.accounts using (account_id)
    where not accounts.is_internal
)
select
    cast(month_start as date) as month_start,
    last_day(month_start) as month_end,
    cast(month_start - interval 11 month as date) as window_from,
    cast(month_start - interval 23 month as date) as opening_from,
    year(month_start) * 12 + month(month_start) as month_number,
    month_start - interval 11 month >= first_date as is_tier_month,
    month_start - interval 23 month >= first_date as is_bridge_month,
    first_date
from first_document, unnest(generate_series(
    date_trunc('month', first_date), date '{{ as_of_date }}', interval 1 month
)) as spine (month_start);

-- Most lines are in base currency, so only the others are multiplied.
create table staging.sales as
with lines as (
    select
        documents.account_id,
        coalesce(products.product_family, 'unknown') as product_family,
        cast(date_trunc('month', documents.invoice_date) as date) as month_start,
        case
            when documents.rate = 1 then lines.net_amount
            else cast(cast(lines.net_amount as decimal(38,2)) * documents.rate as decimal(18,2))
        end as net_amount,
        case
            when documents.rate = 1 then lines.cogs_amount
            else cast(cast(lines.cogs_amount as decimal(38,2)) * documents.rate as decimal(18,2))
        end as cost_amount
    from landing.erp_invoice_lines as lines
    join staging.documents using (invoice_id)
    left join landing.erp_products as products using (product_id)
    where lines.is_deleted is not true
)

select
    account_id,
    product_family,
    month_start,
    count(*) as lines_count,
    sum(net_amount) as net_amount,
    sum(abs(net_amount)) as absolute_amount,
    sum(cost_amount) as cost_amount,
    sum(net_amount) filter (where cost_amount is not null) as costed_amount,
    sum(abs(net_amount)) filter (where cost_amount is not null) as absolute_costed_amount
from lines
group by all;

-- Purchases: invoices above zero that were not taken back in full.
create table staging.purchases as
with net as (
    select invoice_id, sum(net_amount) as net_amount
    from landing.erp_invoice_lines
    where is_deleted is not true
    group by invoice_id
),

credited as (
    select invoice_id, sum(amount) as credit_amount
    from landing.erp_payment_applications
    where application_type = 'credit_note' and is_deleted is not true
        and applied_date <= date '{{ as_of_date }}'
    group by invoice_id
),

orders as (
    select
        order_id,
        sum(gross_amount) filter (where document_type = 'invoice') as billed_amount,
        -sum(gross_amount) filter (where document_type = 'credit_note') as credit_amount
    from staging.documents
    where order_id is not null
    group by order_id
    having count(*) filter (where document_type = 'credit_note') > 0
)

select
    documents.account_id,
    cast(date_trunc('month', documents.invoice_date) as date) as month_start,
    count(distinct documents.invoice_date) as purchase_days,
    min(documents.invoice_date) as first_purchase_date
from staging.documents
join net using (invoice_id)
left join credited using (invoice_id)
left join orders using (order_id)
where documents.document_type = 'invoice'
    and net.net_amount > 0
    and not coalesce(credited.credit_amount > 0
        and credited.credit_amount >= documents.gross_amount, false)
    and not coalesce(orders.credit_amount > 0
        and orders.credit_amount >= coalesce(orders.billed_amount, 0), false)
group by documents.account_id, month_start;

-- Twelve months to each month-end, by account; lines without a cost take the ratio of their family.
create table staging.windows as
with families as (
    select
        months.month_end,
        sales.product_family,
        sum(sales.cost_amount) as cost_amount,
        sum(sales.costed_amount) as costed_amount,
        sum(sales.absolute_amount) as absolute_amount,
        sum(sales.absolute_costed_amount) as absolute_costed_amount
    from (
        select sales.product_family, sales.month_start, sum(cost_amount) as cost_amount,
            sum(costed_amount) as costed_amount, sum(absolute_amount) as absolute_amount,
            sum(absolute_costed_amount) as absolute_costed_amount
        from staging.sales
        join staging.accounts using (account_id)
        where not accounts.is_internal
        group by all
    ) as sales
    join staging.months
        on sales.month_start between months.window_from and months.month_start
    group by all
),

company as (
    select
        month_end,
        sum(cost_amount) as cost_amount,
        sum(costed_amount) as costed_amount,
        sum(absolute_costed_amount) >= sum(absolute_amount) * 0.95 as is_cost_known
    from families
    group by month_end
),

uncosted as (
    select
        months.month_end,
        sales.account_id,
        sales.product_family,
        sum(sales.net_amount - coalesce(sales.costed_amount, 0)) as net_amount
    from staging.sales
    join staging.months
        on sales.month_start between months.window_from and months.month_start
    where sales.absolute_amount <> coalesce(sales.absolute_costed_amount, 0)
    group by all
),

imputed as (
    select
        uncosted.month_end,
        uncosted.account_id,
        sum(cast(round(
            cast(uncosted.net_amount as double)
            * if(families.costed_amount > 0, families.cost_amount, company.cost_amount)
            / if(families.costed_amount > 0, families.costed_amount, company.costed_amount), 2
        ) as decimal(18,2))) as cost_amount
    from uncosted
    join families using (month_end, product_family)
    join company on company.month_end = uncosted.month_end
    group by uncosted.month_end, uncosted.account_id
),

account_months as (
    select
        account_id,
        month_start,
        sum(lines_count) as lines_count,
        sum(net_amount) as net_amount,
        sum(absolute_amount) as absolute_amount,
        sum(cost_amount) as cost_amount,
        sum(absolute_costed_amount) as absolute_costed_amount
    from staging.sales
    group by all
),

grid as (
    select spans.account_id, months.month_end, months.month_start
    from (
        select account_id, min(month_start) as first_month, max(month_start) as last_month
        from account_months
        group by account_id
    ) as spans
    join staging.months
        on months.month_start >= spans.first_month and months.window_from <= spans.last_month
),

sums as (
    select
        grid.account_id,
        grid.month_end,
        sum(account_months.lines_count) over twelve as lines_count,
        sum(account_months.net_amount) over twelve as net_amount,
        sum(account_months.absolute_amount) over twelve as absolute_amount,
        sum(account_months.cost_amount) over twelve as cost_amount,
        sum(account_months.absolute_costed_amount) over twelve as absolute_costed_amount,
        count(purchases.account_id) over twelve as purchase_months
    from grid
    left join account_months using (account_id, month_start)
    left join staging.purchases using (account_id, month_start)
    window twelve as (
        partition by grid.account_id order by grid.month_end
        rows between 11 preceding and current row
    )
)

select
    sums.account_id,
    sums.month_end,
    sums.lines_count,
    sums.net_amount,
    sums.absolute_amount,
    sums.absolute_costed_amount,
    case when company.is_cost_known
        then sums.net_amount - coalesce(sums.cost_amount, 0) - coalesce(imputed.cost_amount, 0)
        else sums.net_amount
    end as profit_amount,
    if(company.is_cost_known, 'gross_profit', 'net_revenue') as measure_used
from sums
join company using (month_end)
left join imputed using (month_end, account_id)
where sums.lines_count > 0;
