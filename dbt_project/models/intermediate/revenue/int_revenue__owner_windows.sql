-- The twelve months of each account manager, by the owner on the invoice date: accounts that never
-- changed hands as a whole, the others month by month. Internal accounts of the month-end are out.
with months as (
    select * from {{ ref('int_calendar__month_ends') }} where is_tier_month
),

account_windows as (select * from {{ ref('int_revenue__account_windows') }}),

handovers as (select * from {{ ref('int_revenue__handovers') }}),

cost_ratios as (select * from {{ ref('int_revenue__cost_ratios') }}),

efforts as (select * from {{ ref('int_costs__efforts') }} where cost_to_serve_amount <> 0),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

measures as (
    select
        month_end,
        measure_used
    from cost_ratios
    group by month_end, measure_used
),

handed_over as (
    select account_id from handovers group by account_id
),

only_owners as (
    select
        versions.account_id,
        max(coalesce(versions.owner_user_id, 'none')) as owner_user_id
    from versions
    left join handed_over on handed_over.account_id = versions.account_id
    where handed_over.account_id is null
    group by versions.account_id
),

families as (
    select
        months.month_end,
        handovers.account_id,
        handovers.owner_user_id,
        handovers.product_family,
        sum(handovers.lines_count) as lines_count,
        sum(handovers.quantity) as quantity,
        sum(handovers.net_amount) as net_amount,
        sum(handovers.cost_amount) as cost_amount,
        sum(handovers.net_amount - handovers.costed_net_amount) as uncosted_amount
    from handovers
    inner join months
        on handovers.month_start >= months.window_from
        and handovers.month_start <= months.month_start
    group by
        months.month_end, handovers.account_id, handovers.owner_user_id, handovers.product_family
),

shared as (
    select
        families.month_end,
        families.account_id,
        families.owner_user_id,
        families.lines_count,
        families.quantity,
        families.net_amount,
        case cost_ratios.measure_used
            when 'net_revenue' then families.net_amount
            else families.net_amount - families.cost_amount - coalesce({{ multiply_divide(
                'families.uncosted_amount', 'cost_ratios.ratio_cost_amount',
                'cost_ratios.ratio_net_amount') }}, 0)
        end as profit_amount
    from families
    inner join cost_ratios
        on cost_ratios.month_end = families.month_end
        and cost_ratios.product_family = families.product_family
),

-- What it cost to serve an account, by its owner at the end of each month.
served as (
    select
        months.month_end,
        efforts.account_id,
        coalesce(versions.owner_user_id, 'none') as owner_user_id,
        0 as lines_count,
        0 as quantity,
        0 as net_amount,
        -sum(efforts.cost_to_serve_amount) as profit_amount
    from months
    inner join efforts
        on efforts.month_start >= months.window_from
        and efforts.month_start <= months.month_start
    inner join versions
        on versions.account_id = efforts.account_id
        and versions.valid_from <= last_day(efforts.month_start)
        and versions.valid_to > last_day(efforts.month_start)
    inner join measures
        on measures.month_end = months.month_end
        and measures.measure_used = 'contribution_profit'
    group by
        months.month_end, efforts.account_id, coalesce(versions.owner_user_id, 'none')
),

owned as (
    select * from shared
    union all
    select * from served
    union all
    select
        account_windows.month_end,
        account_windows.account_id,
        only_owners.owner_user_id,
        account_windows.lines_count,
        account_windows.quantity,
        account_windows.net_amount,
        account_windows.profit_amount + coalesce(account_windows.cost_to_serve_amount, 0)
            as profit_amount
    from account_windows
    inner join only_owners on only_owners.account_id = account_windows.account_id
),

final as (
    select
        months.month_end,
        owned.owner_user_id,
        cast(sum(owned.lines_count) as bigint) as lines_count,
        cast(sum(owned.quantity) as decimal(18,4)) as quantity,
        {{ money_sum('owned.net_amount') }} as net_amount,
        {{ money_sum('owned.profit_amount') }} as profit_amount
    from months
    inner join owned on owned.month_end = months.month_end
    inner join units
        on units.epoch_date = months.epoch_date and units.account_id = owned.account_id
    group by months.month_end, owned.owner_user_id
    having sum(owned.lines_count) > 0
)

select * from final
