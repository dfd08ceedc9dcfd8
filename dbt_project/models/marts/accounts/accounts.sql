with versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
),

users as (select * from {{ ref('stg_crm__users') }}),

tiers as (
    select * from {{ ref('account_tiers') }}
    where month_end = (select last_month_end from {{ ref('int_calendar__bounds') }})
),

history as (select * from {{ ref('account_tier_history') }} where is_current),

provisional as (select * from {{ ref('provisional_tiers') }}),

contacts as (select * from {{ ref('stg_crm__contacts') }} where is_active),

recency as (select * from {{ ref('int_relationships__recency') }}),

contact_limits as (
    select tier, limit_days from (
        select
            tier,
            limit_days,
            row_number() over (partition by tier order by valid_from desc) as rank_from_newest
        from {{ ref('contact_limits') }}
        where valid_from <= {{ as_of_date() }}
    ) as ranked
    where rank_from_newest = 1
),

cases as (select * from {{ ref('stg_crm__service_cases') }}),

channels as (select * from {{ ref('channel_config') }}),

-- What counts for a candidate counts here, by the rules of today.
rules as (
    select * from ({{ dated_config('candidate_config') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

line_groups as (select * from {{ ref('int_revenue__line_groups') }}),

daily as (select * from {{ ref('int_revenue__account_days') }}),

measures as (
    select measure_used from {{ ref('int_revenue__cost_ratios') }}
    where month_end = (select last_month_end from {{ ref('int_calendar__bounds') }})
    group by measure_used
),

account_months as (select * from {{ ref('int_revenue__account_months') }}),

orders as (select * from {{ ref('stg_erp__orders') }}),

customers as (
    select * from {{ ref('int_retention__customers') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
),

aging as (select * from {{ ref('receivables_aging') }} where is_latest),

payments as (select * from {{ ref('payment_behaviour') }} where is_latest),
exposures as (select * from {{ ref('credit_exposure') }} where is_latest),

imputed as (
    select account_id from {{ ref('receivables_open_items') }}
    where is_due_date_imputed
    group by account_id
),

lifetimes as (
    select
        account_id,
        {{ money_sum('net_amount') }} as net_amount,
        {{ money_sum('costed_net_amount - cost_amount') }} as profit_amount,
        sum(absolute_net_amount) = sum(absolute_costed_net_amount) as is_cost_known,
        min(first_purchase_date) as first_purchase_date,
        max(last_purchase_date) as last_purchase_date
    from account_months
    group by account_id
),

order_counts as (
    select
        account_id,
        count(*) as orders_count
    from orders
    where status = 'completed'
    group by account_id
),

low_quality as (select * from {{ ref('int_profitability__low_quality') }}),

lifecycle as (select * from {{ ref('int_retention__lifecycle') }} where is_latest),

finance_contacts as (
    select account_id from contacts where department = 'finance' group by account_id
),

conflicts as (
    select account_id from cases
    where case_type in ('complaint', 'dispute')
        and severity = 1
        and (resolved_on is null or resolved_on > {{ as_of_date() }})
    group by account_id
),

-- A purchase in each of the last eight quarters up to D, three months each.
quarters as (
    select
        units.tier_unit_id,
        count(distinct {{ whole_division(
            month_number(as_of_date()) ~ ' - account_months.month_number', '3') }}) as quarters_count
    from account_months
    inner join units on units.account_id = account_months.account_id
    where account_months.purchase_days_count > 0
        and account_months.month_number > {{ month_number(as_of_date()) }} - 24
    group by units.tier_unit_id
),

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

-- A site is a golden record; what was billed to a merged record was bought by its survivor.
site_purchases as (
    select
        units.tier_unit_id,
        units.customer_key,
        max(case when daily.has_purchase then 1 else 0 end) as purchase_flag
    from units
    left join daily on daily.account_id = units.account_id
    group by units.tier_unit_id, units.customer_key
),

sites as (
    select
        tier_unit_id as account_id,
        count(*) as sites_count,
        sum(purchase_flag) as buying_sites_count
    from site_purchases
    group by tier_unit_id
    union all
    -- Below the top a record stands for itself and its direct children.
    select
        below.parent_id as account_id,
        count(*) as sites_count,
        sum(below.purchase_flag) as buying_sites_count
    from (
        select customer_key as parent_id, purchase_flag from site_purchases
        union all
        select versions.parent_account_id as parent_id, site_purchases.purchase_flag
        from site_purchases
        inner join versions on versions.account_id = site_purchases.customer_key
        where versions.parent_account_id is not null
    ) as below
    inner join units on units.account_id = below.parent_id
    where units.account_id = units.customer_key and units.account_id <> units.tier_unit_id
    group by below.parent_id
),

customer_revenue as (
    select
        units.customer_key,
        sum(daily.net_amount) as net_amount
    from units
    inner join daily on daily.account_id = units.account_id
    where not units.is_internal
    group by units.customer_key
),

company_revenue as (
    select sum(greatest(net_amount, 0)) as net_amount from customer_revenue
),

wallets as (
    select
        versions.account_id as customer_key,
        {{ ratio('coalesce(customer_revenue.net_amount, 0)', 'versions.wallet_amount') }}
            as wallet_share_ratio,
        {{ ratio('coalesce(customer_revenue.net_amount, 0)', 'company_revenue.net_amount') }}
            as company_share_ratio,
        case
            when coalesce(customer_revenue.net_amount, 0)
                >= versions.wallet_amount * rules.exclusive_wallet_share then 'exclusive'
            when coalesce(customer_revenue.net_amount, 0)
                < versions.wallet_amount * rules.exclusive_wallet_share then 'shared'
        end as exclusivity
    from versions
    cross join rules
    left join customer_revenue on customer_revenue.customer_key = versions.account_id
    cross join company_revenue
    where versions.wallet_as_of_date > {{ add_months(as_of_date(), '-rules.wallet_months') }}
        and versions.wallet_as_of_date <= {{ as_of_date() }}
        and versions.wallet_amount > 0
),

manual as (
    select
        versions.account_id,
        coalesce(
            versions.influence_rated_on > {{ add_months(as_of_date(), '-rules.influence_months') }}
            and versions.influence_rated_on <= {{ as_of_date() }}
            and versions.influence_score is not null, false) as has_influence,
        coalesce(
            versions.wallet_as_of_date > {{ add_months(as_of_date(), '-rules.wallet_months') }}
            and versions.wallet_as_of_date <= {{ as_of_date() }}
            and versions.wallet_amount is not null, false) as has_wallet,
        versions.influence_score >= rules.minimum_influence_score as is_influential,
        contact_facts.has_department is not null as has_department,
        contact_facts.has_rating is not null as has_rating,
        evidence.account_id is not null as has_evidence
    from versions
    cross join rules
    left join (
        select
            account_id,
            max(case when department is not null then 1 end) as has_department,
            max(case when interpersonal_rating is not null
                and interpersonal_rated_on >= {{ add_days(as_of_date(), -180) }}
                and interpersonal_rated_on <= {{ as_of_date() }} then 1 end)
                as has_rating
        from contacts
        group by account_id
    ) as contact_facts on contact_facts.account_id = versions.account_id
    left join (
        select account_id from ({{ current_rows('crm_relationship_evidence', ['evidence_id']) }}) as dated
        where start_date <= {{ as_of_date() }}
            and (end_date is null or end_date >= {{ as_of_date() }})
        group by account_id
    ) as evidence on evidence.account_id = versions.account_id
),

joined as (
    select
        versions.*,
        units.customer_key,
        units.tier_unit_id,
        tiers.tier,
        history.valid_from as tier_since_date,
        provisional.provisional_tier,
        tiers.tier_in_channel,
        coalesce(tiers.is_at_risk, false) as is_at_risk,
        coalesce(tiers.is_one_off_bulk, false) as is_one_off_bulk,
        concat_ws(
            '|',
            case when manual.has_influence and manual.is_influential then 'reference' end,
            case when tiers.tier = 'A' then 'volume' end
        ) as basis,
        manual.has_influence,
        manual.has_wallet,
        manual.has_department,
        manual.has_rating,
        manual.has_evidence
    from versions
    inner join units on units.account_id = versions.account_id
    inner join manual on manual.account_id = versions.account_id
    left join tiers on tiers.tier_unit_id = units.tier_unit_id and not units.is_internal
    left join history on history.tier_unit_id = units.tier_unit_id and not units.is_internal
    left join provisional
        on provisional.tier_unit_id = units.tier_unit_id and not units.is_internal
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        joined.account_id,
        joined.account_name,
        joined.customer_key,
        joined.tier_unit_id,
        joined.account_id = joined.tier_unit_id as is_tier_unit,
        joined.is_internal,
        coalesce(joined.merged_into_account_id <> joined.account_id, false) as is_merged_away,
        joined.region,
        joined.industry_code,
        joined.channel,
        joined.owner_user_id,
        users.user_name as owner_name,
        coalesce(case
            when users.deactivated_on is not null then users.deactivated_on > {{ as_of_date() }}
            when users.deactivated_on is null then users.is_active
        end, false) as has_active_owner,
        joined.tier,
        joined.tier_since_date,
        joined.provisional_tier,
        joined.tier_in_channel,
        joined.is_at_risk,
        joined.basis <> '' as is_key_account,
        nullif(joined.basis, '') as key_account_basis,
        case
            when joined.is_one_off_bulk then 'one_off_bulk'
            when quarters.quarters_count >= 8 then 'long_term'
            when channels.is_dealer then 'dealer'
            when joined.account_id is not null then 'other'
        end as account_subtype,
        coalesce(low_quality.is_low_quality, false) as is_low_quality,
        lifecycle.lifecycle_state,
        cast(null as bigint) as evidenced_stage,
        joined.claimed_relationship_stage as claimed_stage,
        false as is_single_threaded,
        finance_contacts.account_id is not null as has_finance_contact,
        {{ days_between('recency.last_two_way_date', as_of_date()) }} as since_two_way_contact_days,
        cast(contact_limits.limit_days as bigint) as contact_limit_days,
        {%- if is_present('crm_activities') %}
        contact_limits.limit_days is not null
        and joined.account_id = joined.customer_key
        and coalesce(
            {{ days_between('recency.last_two_way_date', as_of_date()) }} > contact_limits.limit_days,
            true
        ) as is_contact_overdue,
        {%- else %}
        false as is_contact_overdue,
        {%- endif %}
        cast(null as bigint) as since_executive_contact_days,
        cast(null as decimal(18,6)) as reciprocity_ratio,
        conflicts.account_id is not null as has_open_severe_conflict,
        cast(coalesce(daily.net_amount, 0) as decimal(18,2)) as ttm_net_revenue_amount,
        case when measures.measure_used is not null then
            cast(coalesce(daily.profit_amount, 0) as decimal(18,2))
        end as ttm_profit_amount,
        coalesce(lifetimes.net_amount, 0) as lifetime_net_revenue_amount,
        case when coalesce(lifetimes.is_cost_known, false) then lifetimes.profit_amount end
            as lifetime_profit_amount,
        {%- if is_present('erp_orders') %}
        cast(coalesce(order_counts.orders_count, 0) as bigint) as lifetime_orders_count,
        {%- else %}
        cast(null as bigint) as lifetime_orders_count,
        {%- endif %}
        coalesce(customers.is_legacy, false) as is_left_censored,
        lifetimes.first_purchase_date,
        lifetimes.last_purchase_date,
        case when recency.first_activity_date <= lifetimes.first_purchase_date then
            {{ days_between('recency.first_activity_date', 'lifetimes.first_purchase_date') }}
        end as first_contact_to_order_days,
        {%- if is_present('erp_payment_applications') %}
        cast(coalesce(aging.gross_open_amount, 0) as decimal(18,2)) as gross_receivables_amount,
        cast(coalesce(aging.overdue_amount, 0) as decimal(18,2)) as overdue_amount,
        cast(coalesce(aging.unapplied_cash_amount + aging.unapplied_credit_amount, 0)
            as decimal(18,2)) as unapplied_amount,
        {%- else %}
        cast(null as decimal(18,2)) as gross_receivables_amount,
        cast(null as decimal(18,2)) as overdue_amount,
        cast(null as decimal(18,2)) as unapplied_amount,
        {%- endif %}
        -- An internal account, or one without a document, has no row.
        coalesce(payments.payment_trap_status, 'insufficient_history') as payment_trap_status,
        case
            when exposures.account_id is not null then exposures.credit_status
            {%- if is_present('erp_payment_applications') %}
            -- Without a document nothing is owed: a measured zero.
            when joined.credit_limit_amount is not null then 'ok'
            {%- endif %}
            when exposures.account_id is null then 'no_limit'
        end as credit_status,
        wallets.wallet_share_ratio,
        case
            when wallets.customer_key is null then 'not_assessed'
            when wallets.customer_key is not null then wallets.exclusivity
        end as exclusivity,
        cast(wallets.wallet_share_ratio - wallets.company_share_ratio as decimal(18,6))
            as dependency_asymmetry_ratio,
        {%- if is_present('erp_products') %}
        cast(coalesce(breadths.breadth_count, 0) as bigint) as breadth_count,
        {%- else %}
        cast(null as bigint) as breadth_count,
        {%- endif %}
        {{ ratio('coalesce(breadths.breadth_count, 0)', 'industry_breadths.families_count') }}
            as breadth_ratio,
        cast(coalesce(sites.sites_count, 1) as bigint) as sites_count,
        cast(coalesce(sites.buying_sites_count, 0) as bigint) as buying_sites_count,
        imputed.account_id is not null as has_imputed_due_dates,
        {{ ratio(
            "(case when joined.has_influence then 1 else 0 end
            + case when joined.has_wallet then 1 else 0 end
            + case when joined.has_department then 1 else 0 end
            + case when joined.has_rating then 1 else 0 end
            + case when joined.has_evidence then 1 else 0 end)", '5') }} as coverage_ratio
    from joined
    left join measures on true
    left join users on users.user_id = joined.owner_user_id
    left join quarters on quarters.tier_unit_id = joined.tier_unit_id
    left join channels on channels.channel = joined.channel
    left join finance_contacts on finance_contacts.account_id = joined.account_id
    left join low_quality on low_quality.account_id = joined.account_id
    left join lifecycle on lifecycle.customer_key = joined.customer_key
    left join recency on recency.account_id = joined.account_id
    left join contact_limits on contact_limits.tier = joined.tier
    left join conflicts on conflicts.account_id = joined.account_id
    left join daily on daily.account_id = joined.account_id
    left join lifetimes on lifetimes.account_id = joined.account_id
    left join order_counts on order_counts.account_id = joined.account_id
    left join customers on customers.customer_key = joined.customer_key
    left join aging on aging.account_id = joined.account_id
    left join payments on payments.account_id = joined.account_id
    left join exposures on exposures.account_id = joined.account_id
    left join wallets on wallets.customer_key = joined.customer_key
    left join breadths on breadths.account_id = joined.account_id
    left join industry_breadths on industry_breadths.industry_code = joined.industry_code
    left join sites on sites.account_id = joined.account_id
    left join imputed on imputed.account_id = joined.account_id
)

select * from final
