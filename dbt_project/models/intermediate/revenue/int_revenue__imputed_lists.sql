-- What lines without a list price would have cost at the highest price that channel peers paid for
-- the product in the quarter. Without a peer there is no row, and their list price stays unknown.
-- Rounded once by account, product and day, wherever D lies.
with lines as (select * from {{ ref('int_revenue__lines') }}),

peer_prices as (select * from {{ ref('int_revenue__peer_prices') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

unlisted as (
    select
        account_id,
        product_id,
        product_family,
        invoice_date,
        month_start,
        is_in_year_to_d,
        sum(quantity) as quantity,
        sum(net_amount) as net_amount,
        sum(abs(net_amount)) as absolute_net_amount,
        sum(case when document_type = 'invoice' then abs(net_amount) else 0 end) as sales_amount
    from lines
    where list_amount is null and is_splittable and quantity <> 0
    group by
        account_id, product_id, product_family, invoice_date, month_start, is_in_year_to_d
),

priced as (
    select
        unlisted.*,
        case
            when peer_prices.best_account_id = unlisted.account_id then peer_prices.next_price
            else peer_prices.best_price
        end as price
    from unlisted
    inner join versions
        on versions.account_id = unlisted.account_id
        and versions.valid_from <= last_day(unlisted.month_start)
        and versions.valid_to > last_day(unlisted.month_start)
    inner join peer_prices
        on peer_prices.channel = versions.channel
        and peer_prices.product_id = unlisted.product_id
        and peer_prices.month_start = unlisted.month_start
),

final as (
    select
        account_id,
        product_family,
        month_start,
        is_in_year_to_d,
        {{ money_sum(multiply_divide('quantity', 'price', '1')) }} as imputed_list_amount,
        {{ money_sum('net_amount') }} as imputed_net_amount,
        {{ money_sum('absolute_net_amount') }} as absolute_imputed_net_amount,
        {{ money_sum('sales_amount') }} as imputed_sales_amount
    from priced
    where price is not null
    group by account_id, product_family, month_start, is_in_year_to_d
)

select * from final
