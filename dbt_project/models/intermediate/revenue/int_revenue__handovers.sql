-- Accounts that changed hands, by the owner on the invoice date. Months with one owner come from
-- the groups of lines; only the documents of a month of a handover are looked at one by one.
with versions as (select * from {{ ref('stg_crm__account_versions') }}),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

documents as (select * from {{ ref('int_revenue__documents') }}),

lines as (select * from {{ ref('stg_erp__invoice_lines') }}),

products as (select * from {{ ref('stg_erp__products') }}),

owned as (
    select
        account_id,
        valid_from,
        valid_to,
        coalesce(owner_user_id, 'none') as owner_user_id
    from versions
),

handed_over as (
    select account_id from owned
    group by account_id
    having min(owner_user_id) <> max(owner_user_id)
),

months as (
    select line_groups.account_id, line_groups.month_start
    from line_groups
    inner join handed_over on handed_over.account_id = line_groups.account_id
    group by line_groups.account_id, line_groups.month_start
),

owned_months as (
    select
        months.account_id,
        months.month_start,
        min(owned.owner_user_id) as first_owner_id,
        max(owned.owner_user_id) as last_owner_id
    from months
    inner join owned
        on owned.account_id = months.account_id
        and owned.valid_from <= last_day(months.month_start)
        and owned.valid_to > months.month_start
    group by months.account_id, months.month_start
),

whole_months as (
    select
        line_groups.account_id,
        owned_months.first_owner_id as owner_user_id,
        line_groups.month_start,
        line_groups.product_family,
        line_groups.lines_count,
        line_groups.quantity,
        line_groups.net_amount,
        line_groups.cost_amount,
        line_groups.costed_net_amount
    from owned_months
    inner join line_groups
        on line_groups.account_id = owned_months.account_id
        and line_groups.month_start = owned_months.month_start
    where owned_months.first_owner_id = owned_months.last_owner_id
),

split_documents as (
    select
        documents.invoice_id,
        documents.account_id,
        documents.month_start,
        documents.booking_rate,
        coalesce(documents.credit_reason in ('rebate', 'price_correction'), false) as is_rebate,
        owned.owner_user_id
    from owned_months
    inner join documents
        on documents.account_id = owned_months.account_id
        and documents.month_start = owned_months.month_start
    inner join owned
        on owned.account_id = documents.account_id
        and owned.valid_from <= documents.invoice_date
        and owned.valid_to > documents.invoice_date
    where owned_months.first_owner_id <> owned_months.last_owner_id
),

split_lines as (
    select
        split_documents.account_id,
        split_documents.owner_user_id,
        split_documents.month_start,
        coalesce(products.product_family, 'unknown') as product_family,
        -- A rebate gives back no goods, as in int_revenue__lines.
        case when not split_documents.is_rebate then lines.quantity end as quantity,
        {{ at_rate('lines.net_amount', 'split_documents.booking_rate') }} as net_amount,
        {{ at_rate('lines.cogs_amount', 'split_documents.booking_rate') }} as cost_amount
    from split_documents
    inner join lines on lines.invoice_id = split_documents.invoice_id
    left join products on products.product_id = lines.product_id
),

joined as (
    select * from whole_months
    union all
    select
        account_id,
        owner_user_id,
        month_start,
        product_family,
        1 as lines_count,
        coalesce(quantity, 0) as quantity,
        net_amount,
        coalesce(cost_amount, 0) as cost_amount,
        case when cost_amount is not null then net_amount else 0 end as costed_net_amount
    from split_lines
),

final as (
    select
        account_id,
        owner_user_id,
        month_start,
        product_family,
        cast(sum(lines_count) as bigint) as lines_count,
        cast(sum(quantity) as decimal(18,4)) as quantity,
        {{ money_sum('net_amount') }} as net_amount,
        {{ money_sum('cost_amount') }} as cost_amount,
        {{ money_sum('costed_net_amount') }} as costed_net_amount
    from joined
    group by account_id, owner_user_id, month_start, product_family
)

select * from final
