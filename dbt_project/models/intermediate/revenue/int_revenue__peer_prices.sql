{%- set quarter = range(3) -%}
-- The highest price per unit that external accounts of a channel paid for a product in a quarter:
-- the month of a line and the two before, so that no later sale changes a closed month. The two
-- best accounts are kept, because nobody is a peer of its own. Only products and months with a
-- line without a list price (semantics 3.11).
with lines as (select * from {{ ref('int_revenue__lines') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

unlisted as (
    select
        product_id,
        month_start
    from lines
    where list_amount is null and is_splittable and quantity <> 0
    group by product_id, month_start
),

asked as (
    {%- for back in quarter %}
    select
        product_id,
        month_start as asked_month,
        {{ add_months('month_start', -back) }} as month_start
    from unlisted
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

wanted as (
    select
        product_id,
        month_start
    from asked
    group by product_id, month_start
),

paid as (
    select
        lines.account_id,
        lines.product_id,
        lines.month_start,
        max({{ multiply_divide('lines.net_amount', '1', 'lines.quantity', 4) }}) as price
    from lines
    inner join wanted
        on wanted.product_id = lines.product_id and wanted.month_start = lines.month_start
    where lines.document_type = 'invoice' and lines.net_amount > 0 and lines.quantity > 0
    group by lines.account_id, lines.product_id, lines.month_start
),

ranked_in_month as (
    select
        versions.channel,
        paid.product_id,
        paid.month_start,
        paid.account_id,
        paid.price,
        row_number() over (
            partition by versions.channel, paid.product_id, paid.month_start
            order by paid.price desc, paid.account_id
        ) as place
    from paid
    inner join versions
        on versions.account_id = paid.account_id
        and versions.valid_from <= last_day(paid.month_start)
        and versions.valid_to > last_day(paid.month_start)
    where not versions.is_internal
),

-- The two best accounts of a quarter are among the two best of its months.
in_quarter as (
    select
        best.channel,
        best.product_id,
        asked.asked_month,
        best.account_id,
        max(best.price) as price
    from ranked_in_month as best
    inner join asked
        on asked.product_id = best.product_id and asked.month_start = best.month_start
    where best.place <= 2
    group by best.channel, best.product_id, asked.asked_month, best.account_id
),

ranked as (
    select
        in_quarter.*,
        row_number() over (
            partition by channel, product_id, asked_month order by price desc, account_id
        ) as place
    from in_quarter
),

final as (
    select
        channel,
        product_id,
        asked_month as month_start,
        max(case when place = 1 then account_id end) as best_account_id,
        max(case when place = 1 then price end) as best_price,
        max(case when place = 2 then price end) as next_price
    from ranked
    where place <= 2
    group by channel, product_id, asked_month
)

select * from final
