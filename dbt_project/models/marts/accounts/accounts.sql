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

drops as (
    select
        tier_unit_id,
        from_tier
    from {{ ref('tier_events') }}
    where event_type = 'drop'
        and cause in ('own_decline', 'relative')
        and effective_date = (select last_month_end from {{ ref('int_calendar__bounds') }})
),

channels as (select * from {{ ref('channel_config') }}),

quarters as (select * from {{ ref('int_accounts__purchase_quarters') }}),

low_quality as (select * from {{ ref('int_profitability__low_quality') }}),

lifecycle as (select * from {{ ref('int_retention__lifecycle') }} where is_latest),

contacts as (select * from {{ ref('int_accounts__contacts') }}),

contact_limits as (
    select * from ({{ dated_config('contact_limits', 'tier') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

daily as (select * from {{ ref('int_revenue__account_days') }}),

measures as (
    select measure_used from {{ ref('int_revenue__cost_ratios') }}
    where month_end = (select last_month_end from {{ ref('int_calendar__bounds') }})
    group by measure_used
),

lifetimes as (select * from {{ ref('int_accounts__lifetimes') }}),

order_counts as (
    select
        account_id,
        count(*) as orders_count
    from {{ ref('stg_erp__orders') }}
    where status = 'completed'
    group by account_id
),

customers as (
    select * from {{ ref('int_retention__customers') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
),

aging as (select * from {{ ref('receivables_aging') }} where is_latest),

imputed as (
    select account_id from {{ ref('receivables_open_items') }}
    where is_due_date_imputed
    group by account_id
),

payments as (select * from {{ ref('payment_behaviour') }} where is_latest),

exposures as (select * from {{ ref('credit_exposure') }} where is_latest),

wallets as (select * from {{ ref('int_accounts__wallets') }}),

breadths as (select * from {{ ref('int_accounts__breadths') }}),

sites as (select * from {{ ref('int_accounts__sites') }}),

inputs as (select * from {{ ref('int_accounts__manual_inputs') }}),

fits as (select * from {{ ref('int_accounts__service_fits') }}),

positions as (select * from {{ ref('int_accounts__supplier_positions') }}),

stages as (select * from {{ ref('int_relationships__stages') }} where is_latest),

candidates as (
    select
        tier_unit_id,
        reasons
    from {{ ref('quasi_key_accounts') }}
    where month_end = (select last_month_end from {{ ref('int_calendar__bounds') }})
),

-- What its industry buys most among what it does not buy.
ranked_gaps as (
    select
        account_id,
        product_family,
        row_number() over (
            partition by account_id
            order by
                peer_buyers_ratio desc,
                coalesce(peer_median_revenue_amount, 0) desc,
                product_family
        ) as gap_rank
    from {{ ref('white_space') }}
    where status <> 'bought' and peer_buyers_ratio > 0
),

gaps as (select * from ranked_gaps where gap_rank = 1),

contact_rules as (
    select * from ({{ dated_config('contact_rules') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

joined as (
    select
        versions.*,
        units.customer_key,
        units.tier_unit_id,
        tiers.tier,
        history.valid_from as tier_since_date,
        provisional.provisional_tier,
        provisional.predicted_tier,
        coalesce(provisional.is_predicted_worse, false) as is_predicted_worse,
        drops.from_tier as dropped_from_tier,
        tiers.tier_in_channel,
        tiers.triage,
        candidates.reasons as candidate_reasons,
        coalesce(tiers.is_at_risk, false) as is_at_risk,
        coalesce(tiers.is_one_off_bulk, false) as is_one_off_bulk,
        concat_ws(
            '|',
            case when inputs.is_reference then 'reference' end,
            case when stages.evidenced_stage = 5 then 'strategic' end,
            case when tiers.tier = 'A' then 'volume' end
        ) as basis,
        stages.evidenced_stage,
        coalesce(stages.is_single_threaded, false) as is_single_threaded,
        inputs.coverage_ratio,
        concat_ws(
            '|',
            case when not inputs.has_department then 'contact_departments' end,
            case when not inputs.has_rating then 'contact_ratings' end,
            case when not inputs.has_influence then 'influence' end,
            case when not inputs.has_evidence then 'relationship_evidence' end,
            case when not inputs.has_wallet then 'wallet' end
        ) as not_assessed
    from versions
    inner join units on units.account_id = versions.account_id
    inner join inputs on inputs.account_id = versions.account_id
    left join stages on stages.account_id = versions.account_id
    left join tiers on tiers.tier_unit_id = units.tier_unit_id and not units.is_internal
    left join history on history.tier_unit_id = units.tier_unit_id and not units.is_internal
    left join provisional
        on provisional.tier_unit_id = units.tier_unit_id and not units.is_internal
    left join drops on drops.tier_unit_id = units.tier_unit_id and not units.is_internal
    left join candidates
        on candidates.tier_unit_id = units.tier_unit_id and not units.is_internal
),

known as (
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
        {{ is_active_user('users') }} as has_active_owner,
        joined.tier,
        joined.tier_since_date,
        joined.provisional_tier,
        joined.predicted_tier,
        joined.is_predicted_worse,
        joined.dropped_from_tier,
        joined.tier_in_channel,
        joined.triage,
        joined.is_at_risk,
        joined.basis <> '' as is_key_account,
        nullif(joined.basis, '') as key_account_basis,
        joined.candidate_reasons,
        case
            when joined.is_one_off_bulk then 'one_off_bulk'
            when quarters.quarters_count >= 8 then 'long_term'
            when channels.is_dealer then 'dealer'
            when joined.account_id is not null then 'other'
        end as account_subtype,
        coalesce(low_quality.is_low_quality, false) as is_low_quality,
        lifecycle.lifecycle_state,
        joined.exit_type,
        joined.evidenced_stage,
        joined.claimed_relationship_stage as claimed_stage,
        joined.is_single_threaded,
        contacts.has_finance_contact,
        contacts.since_two_way_contact_days,
        cast(contact_limits.limit_days as bigint) as contact_limit_days,
        {%- if is_present('crm_activities') %}
        contact_limits.limit_days is not null
        and joined.account_id = joined.customer_key
        and coalesce(
            contacts.since_two_way_contact_days > contact_limits.limit_days, true
        ) as is_contact_overdue,
        {%- else %}
        false as is_contact_overdue,
        {%- endif %}
        contacts.since_executive_contact_days,
        contacts.reciprocity_ratio,
        contacts.has_open_severe_conflict,
        cast(coalesce(daily.net_amount, 0) as decimal(18,2)) as ttm_net_revenue_amount,
        case when measures.measure_used is not null then
            cast(coalesce(daily.profit_amount, 0) as decimal(18,2))
        end as ttm_profit_amount,
        coalesce(lifetimes.lifetime_net_revenue_amount, 0) as lifetime_net_revenue_amount,
        lifetimes.lifetime_profit_amount,
        {%- if is_present('erp_orders') %}
        cast(coalesce(order_counts.orders_count, 0) as bigint) as lifetime_orders_count,
        {%- else %}
        cast(null as bigint) as lifetime_orders_count,
        {%- endif %}
        coalesce(customers.is_legacy, false) as is_left_censored,
        lifetimes.first_purchase_date,
        lifetimes.last_purchase_date,
        case when contacts.first_activity_date <= lifetimes.first_purchase_date then
            {{ days_between('contacts.first_activity_date', 'lifetimes.first_purchase_date') }}
        end as first_contact_to_order_days,
        {%- if is_present('erp_payment_applications') %}
        cast(coalesce(aging.gross_open_amount, 0) as decimal(18,2)) as gross_receivables_amount,
        cast(coalesce(aging.overdue_amount, 0) as decimal(18,2)) as overdue_amount,
        cast(coalesce(
            aging.overdue_31_60_amount + aging.overdue_61_90_amount + aging.overdue_90_plus_amount,
            0) as decimal(18,2)) as overdue_31_plus_amount,
        cast(coalesce(aging.unapplied_cash_amount + aging.unapplied_credit_amount, 0)
            as decimal(18,2)) as unapplied_amount,
        {%- else %}
        cast(null as decimal(18,2)) as gross_receivables_amount,
        cast(null as decimal(18,2)) as overdue_amount,
        cast(null as decimal(18,2)) as overdue_31_plus_amount,
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
        breadths.breadth_count,
        {%- else %}
        cast(null as bigint) as breadth_count,
        {%- endif %}
        breadths.breadth_ratio,
        gaps.product_family as next_family,
        cast(coalesce(sites.sites_count, 1) as bigint) as sites_count,
        cast(coalesce(sites.buying_sites_count, 0) as bigint) as buying_sites_count,
        imputed.account_id is not null as has_imputed_due_dates,
        joined.coverage_ratio,
        nullif(joined.not_assessed, '') as not_assessed,
        joined.relation_types,
        case when contacts.first_activity_date <= joined.supplier_approved_on then
            {{ days_between('contacts.first_activity_date', 'joined.supplier_approved_on') }}
        end as approval_days,
        positions.best_supplier_rank,
        positions.largest_supplier_count,
        fits.nearest_plant_km,
        fits.requested_capacity_ratio
    from joined
    left join measures on true
    left join users on users.user_id = joined.owner_user_id
    left join quarters on quarters.tier_unit_id = joined.tier_unit_id
    left join channels on channels.channel = joined.channel
    left join low_quality on low_quality.account_id = joined.account_id
    left join lifecycle on lifecycle.customer_key = joined.customer_key
    inner join contacts on contacts.account_id = joined.account_id
    left join contact_limits on contact_limits.tier = joined.tier
    left join daily on daily.account_id = joined.account_id
    left join lifetimes on lifetimes.account_id = joined.account_id
    left join order_counts on order_counts.account_id = joined.account_id
    left join customers on customers.customer_key = joined.customer_key
    left join aging on aging.account_id = joined.account_id
    left join payments on payments.account_id = joined.account_id
    left join exposures on exposures.account_id = joined.account_id
    left join wallets on wallets.customer_key = joined.customer_key
    inner join breadths on breadths.account_id = joined.account_id
    left join sites on sites.account_id = joined.account_id
    left join fits on fits.account_id = joined.account_id
    left join positions on positions.account_id = joined.account_id
    left join imputed on imputed.account_id = joined.account_id
    left join gaps on gaps.account_id = joined.account_id
),

final as (
    select
        known.*,
        -- The most urgent first: what hurts now, then what slips away, then what may grow.
        nullif(case when not known.is_internal and not known.is_merged_away then
            concat_ws(
                '|',
                case when known.has_open_severe_conflict then 'resolve_conflict' end,
                {%- if is_present('crm_users') %}
                case when not known.has_active_owner then 'assign_owner' end,
                {%- endif %}
                case when known.credit_status = 'hold' then 'settle_credit' end,
                case when known.overdue_31_plus_amount > 0 then 'collect_overdue' end,
                case when known.payment_trap_status = 'trap' then 'review_terms' end,
                case when known.triage = 'review_exit' then 'review_exit' end,
                case
                    when known.lifecycle_state = 'churned'
                        and coalesce(known.exit_type <> 'voluntary_by_us', true) then 'win_back'
                end,
                case
                    when known.dropped_from_tier is not null
                        or known.is_at_risk
                        or known.is_predicted_worse
                        or known.lifecycle_state = 'at_risk' then 'halt_decline'
                end,
                case when known.is_contact_overdue then 'make_contact' end,
                case
                    when known.is_single_threaded
                        and (known.tier in ('A', 'B') or known.candidate_reasons is not null)
                        then 'meet_more_people'
                end,
                {%- if is_present('crm_activities') %}
                case
                    when known.tier = 'A'
                        and known.account_id = known.customer_key
                        and coalesce(known.since_executive_contact_days
                            > contact_rules.executive_contact_days, true) then 'meet_executives'
                end,
                {%- endif %}
                case when known.candidate_reasons is not null then 'develop' end,
                -- Joint work is not asked for: most accounts have none.
                case
                    when known.not_assessed <> 'relationship_evidence'
                        and (known.tier in ('A', 'B') or known.candidate_reasons is not null)
                        then 'assess'
                end,
                case
                    when known.lifecycle_state = 'active' and known.next_family is not null
                        then 'offer_family'
                end
            )
        end, '') as next_steps
    from known
    cross join contact_rules
)

select * from final
