with opportunities as (select * from {{ ref('int_opportunities__external') }}),

stages as (select * from {{ ref('stg_crm__opportunity_stages') }}),

recency as (select * from {{ ref('int_relationships__recency') }}),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

-- A person stands once at an opportunity.
buying_groups as (
    select
        opportunity_id,
        count(role) as contacts_count
    from {{ ref('stg_crm__opportunity_contacts') }}
    group by opportunity_id
),

rules as ({{ dated_config('opportunity_rules') }}),

reasons as ({{ dated_config('outcome_reasons', by='source, stated') }}),

-- Where a purchase goes back and forth on one day, the furthest step of the day is the last one.
ranked_stages as (
    select
        opportunity_id,
        buying_stage,
        entered_on,
        row_number() over (
            partition by opportunity_id order by entered_on desc, buying_stage desc
        ) as rank_from_newest
    from stages
),

first_contacts as (
    select
        units.customer_key,
        min(recency.first_activity_date) as first_activity_date
    from units
    inner join recency on recency.account_id = units.account_id
    group by units.customer_key
),

staged as (
    select
        opportunities.*,
        {{ as_of_date() }} as as_of_date,
        coalesce(opportunities.closed_on, {{ as_of_date() }}) as judged_on,
        coalesce(ranked_stages.buying_stage, opportunities.buying_stage) as reached_stage,
        case
            when ranked_stages.buying_stage is not null then ranked_stages.entered_on
            when opportunities.buying_stage = opportunities.entered_at_stage
                then opportunities.opened_on
        end as stage_entered_on,
        lower(trim(opportunities.outcome_reason)) as stated_reason,
        first_contacts.first_activity_date,
        coalesce(buying_groups.contacts_count, 0) as buying_group_size_count
    from opportunities
    left join ranked_stages
        on ranked_stages.opportunity_id = opportunities.opportunity_id
        and ranked_stages.rank_from_newest = 1
    left join first_contacts on first_contacts.customer_key = opportunities.customer_key
    left join buying_groups on buying_groups.opportunity_id = opportunities.opportunity_id
),

-- The words say more than the category; what neither list holds is `other`.
reasoned as (
    select
        staged.*,
        rules.minimum_reason_amount,
        rules.early_stage,
        case
            when staged.outcome = 'open' then 'not_assessed'
            when texts.outcome_reason is not null then texts.outcome_reason
            when categories.outcome_reason is not null then categories.outcome_reason
            when staged.stated_reason <> '' or staged.outcome_category is not null then 'other'
            when coalesce(staged.stated_reason, '') = '' then 'not_assessed'
        end as assessed_reason
    from staged
    inner join rules
        on rules.valid_from <= staged.judged_on and rules.valid_until > staged.judged_on
    left join reasons as texts
        on texts.source = 'text'
        and texts.stated = staged.stated_reason
        and texts.valid_from <= staged.judged_on
        and texts.valid_until > staged.judged_on
    left join reasons as categories
        on categories.source = 'category'
        and categories.stated = staged.outcome_category
        and categories.valid_from <= staged.judged_on
        and categories.valid_until > staged.judged_on
),

final as (
    select
        as_of_date,
        opportunity_id,
        account_id,
        owner_user_id,
        opened_on as opened_date,
        closed_on as closed_date,
        cast(opportunity_amount as decimal(18,2)) as opportunity_amount,
        cast(reached_stage as bigint) as buying_stage,
        greatest({{ days_between('stage_entered_on', 'judged_on') }},
            case when stage_entered_on is not null then 0 end) as in_stage_days,
        cast(entered_at_stage as bigint) as entered_at_stage,
        coalesce(entered_at_stage <= early_stage, false) as is_early_entry,
        outcome,
        assessed_reason as outcome_reason,
        outcome <> 'open'
            and assessed_reason = 'not_assessed'
            and coalesce(opportunity_amount >= minimum_reason_amount, false) as is_reason_missing,
        case
            when first_activity_date <= opened_on
                then {{ days_between('first_activity_date', 'opened_on') }}
        end as first_contact_to_open_days,
        case
            when first_activity_date <= need_qualified_on
                then {{ days_between('first_activity_date', 'need_qualified_on') }}
        end as first_contact_to_need_days,
        case
            when closed_on >= opened_on then {{ days_between('opened_on', 'closed_on') }}
        end as open_to_close_days,
        {%- if is_present('crm_opportunity_contacts') %}
        case when outcome <> 'open' then buying_group_size_count end as buying_group_size_count
        {%- else %}
        cast(null as bigint) as buying_group_size_count
        {%- endif %}
    from reasoned
)

select * from final
