with days as (select * from {{ ref('int_calendar__days') }}),

aging as (select * from {{ ref('receivables_aging') }}),

items as (select * from {{ ref('int_receivables__items_by_day') }}),

flows as (select * from {{ ref('int_receivables__flows') }}),

gl_balances as (select * from {{ ref('stg_erp__gl_balances') }}),

behaviour as (select * from {{ ref('payment_behaviour') }} where is_month_end),

channels as (select * from {{ ref('channel_collections') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

tiers as (select * from {{ ref('int_tiers__states') }}),

rules as (
    select amount as tolerance_amount from {{ ref('alert_rules') }}
    where rule = 'reconciliation_tolerance'
        and valid_from = (
            select max(valid_from) from {{ ref('alert_rules') }}
            where rule = 'reconciliation_tolerance' and valid_from <= {{ as_of_date() }}
        )
),

-- Days of either side: what one of them lost must not take its check along.
described as (
    select as_of_date from aging
    union
    select as_of_date from items
),

company as (
    select
        described.as_of_date,
        coalesce(sum(aging.current_amount + aging.overdue_1_30_amount
            + aging.overdue_31_60_amount + aging.overdue_61_90_amount
            + aging.overdue_90_plus_amount), 0) as due_buckets_amount,
        coalesce(sum(aging.age_0_30_amount + aging.age_31_60_amount + aging.age_61_90_amount
            + aging.age_90_plus_amount), 0) as age_buckets_amount,
        coalesce(sum(aging.current_amount + aging.overdue_amount), 0)
            as current_plus_overdue_amount,
        coalesce(sum(aging.net_receivables_booked_amount), 0) as net_booked_amount
    from described
    left join aging on aging.as_of_date = described.as_of_date
    group by described.as_of_date
),

-- Straight from the items, on another path than the aging.
item_sums as (
    select
        as_of_date,
        sum(case when kind = 'invoice' then open_amount else 0 end) as gross_amount,
        sum(case
            when currency_code = '{{ var("base_currency") }}' then 0
            when kind = 'invoice' then open_booked_amount
            else -open_booked_amount
        end) as foreign_net_booked_amount
    from items
    group by as_of_date
),

cumulative as (
    select
        days.as_of_date,
        sum(flows.invoices_amount - flows.receipts_amount - flows.memos_amount
            - flows.write_offs_amount) as documents_amount,
        sum(case when not flows.is_base_currency then flows.invoices_amount
            - flows.receipts_amount - flows.memos_amount - flows.write_offs_amount else 0 end)
            as foreign_documents_amount,
        sum(flows.crossings_amount) as crossings_amount
    from days
    inner join flows on flows.flow_date <= days.as_of_date
    group by days.as_of_date
),

explained as (
    select
        cumulative.as_of_date,
        cumulative.documents_amount,
        coalesce(item_sums.foreign_net_booked_amount, 0) - cumulative.foreign_documents_amount
            - cumulative.crossings_amount as realised_fx_amount
    from cumulative
    left join item_sums on item_sums.as_of_date = cumulative.as_of_date
),

scoped as (
    select
        aging.as_of_date,
        aging.gross_open_amount,
        versions.owner_user_id,
        versions.channel,
        tiers.tier
    from aging
    inner join days on days.as_of_date = aging.as_of_date
    inner join versions
        on versions.account_id = aging.account_id
        and versions.valid_from <= aging.as_of_date
        and versions.valid_to > aging.as_of_date
    inner join units
        on units.epoch_date = days.epoch_date and units.account_id = aging.account_id
    left join tiers
        on tiers.tier_unit_id = units.tier_unit_id and tiers.month_end = aging.as_of_date
),

scopes as (
    {%- for scope, column in [
        ('sum_of_owners', 'owner_user_id'), ('sum_of_channels', 'channel'), ('sum_of_tiers', 'tier')
    ] %}
    select
        '{{ scope }}' as check_name,
        company.as_of_date,
        coalesce(sum(parts.part_amount), 0) as left_amount
    from company
    left join (
        select as_of_date, {{ column }}, sum(gross_open_amount) as part_amount
        from scoped group by as_of_date, {{ column }}
    ) as parts on parts.as_of_date = company.as_of_date
    group by company.as_of_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- I13, where both marts speak: at month-ends.
financing as (
    select
        company.as_of_date,
        coalesce(accounts.cost_amount, 0) as accounts_amount,
        coalesce(parts.cost_amount, 0) as channels_amount
    from company
    inner join days on days.as_of_date = company.as_of_date and days.is_month_end
    left join (
        select as_of_date, sum(financing_cost_amount) as cost_amount
        from behaviour group by as_of_date
    ) as accounts on accounts.as_of_date = company.as_of_date
    left join (
        select month_end, sum(financing_cost_amount) as cost_amount
        from channels group by month_end
    ) as parts on parts.month_end = company.as_of_date
),

checks as (
    select
        company.as_of_date,
        'buckets_due_date' as check_name,
        company.due_buckets_amount as left_amount,
        coalesce(item_sums.gross_amount, 0) as right_amount,
        cast(null as decimal(18,2)) as realised_fx_amount
    from company
    left join item_sums on item_sums.as_of_date = company.as_of_date
    union all
    select
        company.as_of_date,
        'buckets_invoice_date' as check_name,
        company.age_buckets_amount as left_amount,
        coalesce(item_sums.gross_amount, 0) as right_amount,
        null as realised_fx_amount
    from company
    left join item_sums on item_sums.as_of_date = company.as_of_date
    union all
    select
        company.as_of_date,
        'current_plus_overdue' as check_name,
        company.current_plus_overdue_amount as left_amount,
        coalesce(item_sums.gross_amount, 0) as right_amount,
        null as realised_fx_amount
    from company
    left join item_sums on item_sums.as_of_date = company.as_of_date
    union all
    select
        company.as_of_date,
        'net_equals_documents' as check_name,
        company.net_booked_amount as left_amount,
        coalesce(explained.documents_amount + explained.realised_fx_amount, 0) as right_amount,
        explained.realised_fx_amount
    from company
    left join explained on explained.as_of_date = company.as_of_date
    union all
    select
        explained.as_of_date,
        'roll_forward' as check_name,
        company.net_booked_amount as left_amount,
        lag(company.net_booked_amount) over (order by explained.as_of_date)
            + explained.documents_amount
            - lag(explained.documents_amount) over (order by explained.as_of_date)
            + explained.realised_fx_amount
            - lag(explained.realised_fx_amount) over (order by explained.as_of_date)
            as right_amount,
        explained.realised_fx_amount
            - lag(explained.realised_fx_amount) over (order by explained.as_of_date)
            as realised_fx_amount
    from explained
    inner join company on company.as_of_date = explained.as_of_date
    union all
    select
        company.as_of_date,
        'general_ledger' as check_name,
        company.net_booked_amount as left_amount,
        gl_balances.receivables_amount as right_amount,
        null as realised_fx_amount
    from company
    left join gl_balances on gl_balances.balance_date = company.as_of_date
    union all
    select
        scopes.as_of_date,
        scopes.check_name,
        scopes.left_amount,
        coalesce(item_sums.gross_amount, 0) as right_amount,
        null as realised_fx_amount
    from scopes
    left join item_sums on item_sums.as_of_date = scopes.as_of_date
    union all
    select
        as_of_date,
        'financing_cost' as check_name,
        accounts_amount as left_amount,
        channels_amount as right_amount,
        null as realised_fx_amount
    from financing
),

final as (
    select
        checks.as_of_date,
        days.is_month_end,
        days.is_latest,
        checks.check_name,
        'company' as scope_id,
        cast(checks.left_amount as decimal(18,2)) as left_amount,
        cast(checks.right_amount as decimal(18,2)) as right_amount,
        cast(checks.left_amount - checks.right_amount as decimal(18,2)) as difference_amount,
        cast(checks.realised_fx_amount as decimal(18,2)) as realised_fx_amount,
        cast(rules.tolerance_amount as decimal(18,2)) as tolerance_amount,
        case
            when checks.left_amount is null or checks.right_amount is null then 'not_available'
            when abs(checks.left_amount - checks.right_amount) <= rules.tolerance_amount then 'ok'
            when abs(checks.left_amount - checks.right_amount) > rules.tolerance_amount
                then 'different'
        end as check_status,
        checks.check_name = 'general_ledger' as is_blocking
    from checks
    inner join days on days.as_of_date = checks.as_of_date
    cross join rules
)

select * from final
