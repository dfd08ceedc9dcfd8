-- The measure of each month-end (decision 10) and the average cost ratio of each product family,
-- as two sums, for the lines whose cost is unknown.
with months as (select * from {{ ref('int_calendar__month_ends') }}),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

rated_months as (select * from {{ ref('int_costs__rated_months') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

external_groups as (
    select
        line_groups.month_start,
        line_groups.product_family,
        sum(line_groups.cost_amount) as cost_amount,
        sum(line_groups.costed_net_amount) as costed_net_amount,
        sum(line_groups.absolute_net_amount) as absolute_net_amount,
        sum(line_groups.absolute_costed_net_amount) as absolute_costed_net_amount
    from line_groups
    inner join versions
        on versions.account_id = line_groups.account_id
        and versions.valid_from <= last_day(line_groups.month_start)
        and versions.valid_to > last_day(line_groups.month_start)
    where not versions.is_internal
    group by line_groups.month_start, line_groups.product_family
),

families as (
    select
        months.month_end,
        months.minimum_cost_coverage,
        external_groups.product_family,
        sum(external_groups.cost_amount) as cost_amount,
        sum(external_groups.costed_net_amount) as costed_net_amount,
        sum(external_groups.absolute_net_amount) as absolute_net_amount,
        sum(external_groups.absolute_costed_net_amount) as absolute_costed_net_amount
    from months
    inner join external_groups
        on external_groups.month_start >= months.window_from
        and external_groups.month_start <= months.month_start
    group by months.month_end, months.minimum_cost_coverage, external_groups.product_family
),

company as (
    select
        month_end,
        sum(cost_amount) as cost_amount,
        sum(costed_net_amount) as costed_net_amount,
        sum(absolute_costed_net_amount) >= sum(absolute_net_amount) * max(minimum_cost_coverage)
            and sum(absolute_costed_net_amount) > 0 as is_cost_known
    from families
    group by month_end
),

all_families as (
    select product_family from line_groups group by product_family
),

final as (
    select
        company.month_end,
        all_families.product_family,
        case
            when company.is_cost_known and rated_months.is_window_rated then 'contribution_profit'
            when company.is_cost_known then 'gross_profit'
            when not company.is_cost_known then 'net_revenue'
        end as measure_used,
        -- A family without any known cost in the window takes the ratio of the company.
        case
            when families.costed_net_amount > 0 then families.cost_amount
            else company.cost_amount
        end as ratio_cost_amount,
        case
            when families.costed_net_amount > 0 then families.costed_net_amount
            when company.costed_net_amount > 0 then company.costed_net_amount
        end as ratio_net_amount
    from company
    inner join rated_months on rated_months.month_end = company.month_end
    cross join all_families
    left join families
        on families.month_end = company.month_end
        and families.product_family = all_families.product_family
)

select * from final
