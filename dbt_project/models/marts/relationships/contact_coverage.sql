with accounts as (
    select * from {{ ref('accounts') }}
    where not is_internal {%- if not is_present('crm_contacts') %} and false{% endif %}
),

coverage as (select * from {{ ref('int_relationships__coverage') }}),

activity as (
    select * from {{ ref('int_relationships__activity') }}
    where as_of_date = {{ as_of_date() }}
),

teams as (select * from {{ ref('int_relationships__teams') }}),

ratings as (select * from {{ ref('int_relationships__ratings') }}),

ties as (select * from {{ ref('int_relationships__ties') }}),

versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

users as (select * from {{ ref('stg_crm__users') }}),

rules as (
    select * from ({{ dated_config('contact_rules') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

festivals as (
    select sum(case when from_date <= {{ as_of_date() }} then 1 else 0 end) as festivals_count
    from {{ ref('festival_windows') }}
),

final as (
    select
        accounts.as_of_date,
        accounts.account_id,
        accounts.tier_unit_id,
        coalesce(coverage.contacts_count, 0) as contacts_count,
        {%- if is_present('crm_activities') %}
        coalesce(coverage.active_contacts_count, 0) as active_contacts_count,
        nullif(concat_ws('|'
            {%- for department in customer_departments() %},
            case when coverage.is_{{ department }}_covered then '{{ department }}' end
            {%- endfor %}
        ), '') as covered_departments,
        nullif(concat_ws('|'
            {%- for department in customer_departments() %},
            case when coverage.is_{{ department }}_covered is not true then '{{ department }}' end
            {%- endfor %}
        ), '') as missing_departments,
        {%- else %}
        cast(null as bigint) as active_contacts_count,
        cast(null as {{ text_type() }}) as covered_departments,
        cast(null as {{ text_type() }}) as missing_departments,
        {%- endif %}
        {%- for department in ['finance', 'purchasing', 'technical', 'executive'] %}
        coalesce(coverage.has_{{ department }}_contact, false) as has_{{ department }}_contact,
        {%- endfor %}
        {%- for role in ['coach', 'decision_maker', 'sponsor', 'champion'] %}
        coalesce(coverage.has_{{ role }}, false) as has_{{ role }},
        {%- endfor %}
        {{ ratio("(case when coverage.has_sponsor then 1 else 0 end
            + case when coverage.has_decision_maker then 1 else 0 end
            + case when coverage.has_champion then 1 else 0 end
            + case when coverage.contacts_count >= rules.complete_contacts then 1 else 0 end)", '4') }}
            as role_completeness_ratio,
        coverage.hidden_power_contacts_count,
        coverage.influential_contacts_count,
        {%- if is_present('crm_activities') %}
        {{ ratio('coverage.influential_active_count', 'coverage.influential_contacts_count') }}
            as influential_covered_ratio,
        {%- else %}
        cast(null as decimal(18,6)) as influential_covered_ratio,
        {%- endif %}
        coverage.supporters_count,
        coalesce(coverage.supporters_count >= rules.minimum_supporters, false)
            as has_two_supporters,
        accounts.since_two_way_contact_days,
        accounts.contact_limit_days,
        accounts.since_executive_contact_days,
        {%- if is_present('crm_activities') %}
        coalesce(accounts.tier = 'A', false)
        and accounts.account_id = accounts.customer_key
        and coalesce(accounts.since_executive_contact_days > rules.executive_contact_days, true)
            as is_executive_contact_overdue,
        {%- else %}
        false as is_executive_contact_overdue,
        {%- endif %}
        accounts.reciprocity_ratio,
        {%- if is_present('crm_activities') %}
        {{ ratio('case when festivals.festivals_count > 0 then coverage.greeted_contacts_count end',
            'coverage.contacts_count') }} as greeted_contacts_ratio,
        coalesce(activity.own_departments_count, 0) as own_departments_count,
        {%- else %}
        cast(null as decimal(18,6)) as greeted_contacts_ratio,
        cast(null as bigint) as own_departments_count,
        {%- endif %}
        coalesce(activity.own_departments_count >= rules.minimum_own_departments, false)
            as has_three_own_departments,
        cast(case
            when coverage.has_finance_contact then accounts.overdue_amount * 0
            when coverage.has_finance_contact is not true then accounts.overdue_amount
        end as decimal(18,2)) as overdue_without_finance_contact_amount,
        {{ ratio('coverage.role_known_count', 'coverage.contacts_count') }} as role_known_ratio,
        {{ ratio('coverage.department_known_count', 'coverage.contacts_count') }}
            as department_known_ratio,
        {{ is_active_user('users') }} as has_executive_sponsor,
        {%- if is_present('crm_account_team') %}
        coalesce(teams.team_members_count, 0) as team_members_count,
        coalesce(teams.team_departments_count, 0) as team_departments_count,
        {%- else %}
        cast(null as bigint) as team_members_count,
        cast(null as bigint) as team_departments_count,
        {%- endif %}
        coalesce(ratings.rated_contacts_count, 0) as rated_contacts_count,
        ratings.owner_ratings_count,
        ratings.other_ratings_count,
        {%- if is_present('crm_contact_links') %}
        coalesce(ties.tied_pairs_count, 0) as tied_pairs_count,
        coalesce(ties.tense_pairs_count, 0) as tense_pairs_count
        {%- else %}
        cast(null as bigint) as tied_pairs_count,
        cast(null as bigint) as tense_pairs_count
        {%- endif %}
    from accounts
    inner join versions on versions.account_id = accounts.account_id
    cross join rules
    cross join festivals
    left join coverage on coverage.account_id = accounts.account_id
    left join activity on activity.account_id = accounts.account_id
    left join teams on teams.account_id = accounts.account_id
    left join ratings on ratings.account_id = accounts.account_id
    left join ties on ties.account_id = accounts.account_id
    left join users on users.user_id = versions.executive_sponsor_user_id
)

select * from final
