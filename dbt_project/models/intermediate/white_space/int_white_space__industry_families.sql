-- The product families that at least one site of an industry bought in the twelve months to D, by how
-- many of the industry's buying sites, and their median revenue with it.
with sites as (
    select * from {{ ref('int_white_space__sites') }} where industry_code is not null
),

site_families as (select * from {{ ref('int_white_space__site_families') }} where is_bought),

bought as (
    select
        sites.industry_code,
        sites.customer_key,
        site_families.product_family,
        site_families.net_amount
    from sites
    inner join site_families on site_families.customer_key = sites.customer_key
),

buyers as (
    select
        industry_code,
        count(distinct customer_key) as buyers_count
    from bought
    group by industry_code
),

families as (
    select
        industry_code,
        product_family,
        count(*) as family_buyers_count,
        -- In cents; exactly half a cent between two of them is rounded away from zero.
        {{ median_of('cast(net_amount * 100 as bigint)') }} as median_cents
    from bought
    group by industry_code, product_family
),

final as (
    select
        families.industry_code,
        families.product_family,
        {{ ratio('families.family_buyers_count', 'buyers.buyers_count') }} as peer_buyers_ratio,
        {{ multiply_divide('families.median_cents', '1', '100') }} as peer_median_revenue_amount
    from families
    inner join buyers on buyers.industry_code = families.industry_code
)

select * from final
