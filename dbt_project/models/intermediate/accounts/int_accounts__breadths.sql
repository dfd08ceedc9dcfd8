-- How many product families each account bought in the twelve months to D, and which share that is of
-- what accounts of its industry bought.
with versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

families as (
    select
        line_groups.account_id,
        line_groups.product_family
    from line_groups
    where line_groups.is_in_year_to_d
        and line_groups.last_sold_date is not null
        and line_groups.product_family <> 'unknown'
    group by line_groups.account_id, line_groups.product_family
),

breadths as (
    select
        account_id,
        count(*) as breadth_count
    from families
    group by account_id
),

industry_breadths as (
    select
        versions.industry_code,
        count(distinct families.product_family) as families_count
    from families
    inner join versions on versions.account_id = families.account_id
    where versions.industry_code is not null
    group by versions.industry_code
),

final as (
    select
        versions.account_id,
        coalesce(breadths.breadth_count, 0) as breadth_count,
        {{ ratio('coalesce(breadths.breadth_count, 0)', 'industry_breadths.families_count') }}
            as breadth_ratio
    from versions
    left join breadths on breadths.account_id = versions.account_id
    left join industry_breadths on industry_breadths.industry_code = versions.industry_code
)

select * from final
