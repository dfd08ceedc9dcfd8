-- The one model that sums up all lines: what is reported is built from its rows. One row per
-- account, product family, month, whether the lines can be split into price and quantity, and
-- whether they lie in the twelve months to D (that cuts one month in two when D is inside a month).
with lines as (select * from {{ ref('int_revenue__lines') }}),

imputed_lists as (select * from {{ ref('int_revenue__imputed_lists') }}),

grouped as (
    select
        account_id,
        product_family,
        month_start,
        is_splittable,
        is_in_year_to_d,
        count(*) as lines_count,
        cast(coalesce(sum(quantity), 0) as decimal(18,4)) as quantity,
        {{ money_sum('net_amount') }} as net_amount,
        {{ money_sum('abs(net_amount)') }} as absolute_net_amount,
        {{ money_sum('list_amount') }} as list_amount,
        {{ money_sum('case when list_amount is not null then net_amount end') }}
            as listed_net_amount,
        {{ money_sum('case when list_amount is null then abs(net_amount) end') }}
            as unlisted_net_amount,
        {{ money_sum("case when list_amount is null and document_type = 'invoice'
            then abs(net_amount) end") }} as unlisted_sales_amount,
        {{ money_sum('case when is_service then net_amount end') }} as service_net_amount,
        {{ money_sum('cost_amount') }} as cost_amount,
        {{ money_sum('case when cost_amount is not null then net_amount end') }}
            as costed_net_amount,
        {{ money_sum('case when cost_amount is not null then abs(net_amount) end') }}
            as absolute_costed_net_amount,
        max(case when document_type = 'invoice' and net_amount > 0 then invoice_date end)
            as last_sold_date
    from lines
    group by account_id, product_family, month_start, is_splittable, is_in_year_to_d
),

-- List prices of peers stand in for those that are missing; what stays is unpriced.
final as (
    select
        grouped.account_id,
        grouped.product_family,
        grouped.month_start,
        grouped.is_splittable,
        grouped.is_in_year_to_d,
        grouped.lines_count,
        grouped.quantity,
        grouped.net_amount,
        grouped.absolute_net_amount,
        cast(grouped.list_amount + coalesce(imputed_lists.imputed_list_amount, 0)
            as decimal(18,2)) as list_amount,
        cast(grouped.listed_net_amount + coalesce(imputed_lists.imputed_net_amount, 0)
            as decimal(18,2)) as listed_net_amount,
        grouped.unlisted_net_amount,
        cast(grouped.unlisted_net_amount - coalesce(imputed_lists.absolute_imputed_net_amount, 0)
            as decimal(18,2)) as unpriced_net_amount,
        cast(grouped.unlisted_sales_amount - coalesce(imputed_lists.imputed_sales_amount, 0)
            as decimal(18,2)) as unpriced_sales_amount,
        grouped.service_net_amount,
        grouped.cost_amount,
        grouped.costed_net_amount,
        grouped.absolute_costed_net_amount,
        grouped.last_sold_date
    from grouped
    left join imputed_lists
        on grouped.is_splittable
        and imputed_lists.account_id = grouped.account_id
        and imputed_lists.product_family = grouped.product_family
        and imputed_lists.month_start = grouped.month_start
        and imputed_lists.is_in_year_to_d = grouped.is_in_year_to_d
)

select * from final
