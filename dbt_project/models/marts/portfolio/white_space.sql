with sites as (select * from {{ ref('int_white_space__sites') }}),

site_families as (select * from {{ ref('int_white_space__site_families') }}),

industry_families as (select * from {{ ref('int_white_space__industry_families') }}),

buying_industries as (
    select industry_code from industry_families group by industry_code
),

-- What its industry buys, and what it bought itself.
offered as (
    select
        sites.customer_key,
        industry_families.product_family
    from sites
    inner join industry_families on industry_families.industry_code = sites.industry_code
    union
    select
        sites.customer_key,
        site_families.product_family
    from sites
    inner join site_families on site_families.customer_key = sites.customer_key
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        sites.tier_unit_id,
        sites.customer_key as account_id,
        offered.product_family,
        case
            when site_families.is_bought then 'bought'
            when not site_families.is_bought then 'lapsed'
            when site_families.customer_key is null then 'never'
        end as status,
        cast(coalesce(site_families.net_amount, 0) as decimal(18,2)) as ttm_net_revenue_amount,
        site_families.last_sold_date as last_order_date,
        -- What nobody of its industry bought in the twelve months is bought by none.
        case
            when industry_families.product_family is not null
                then industry_families.peer_buyers_ratio
            when buying_industries.industry_code is not null then cast(0 as decimal(18,6))
        end as peer_buyers_ratio,
        industry_families.peer_median_revenue_amount
    from offered
    inner join sites on sites.customer_key = offered.customer_key
    left join site_families
        on site_families.customer_key = offered.customer_key
        and site_families.product_family = offered.product_family
    left join buying_industries on buying_industries.industry_code = sites.industry_code
    left join industry_families
        on industry_families.industry_code = sites.industry_code
        and industry_families.product_family = offered.product_family
)

select * from final
