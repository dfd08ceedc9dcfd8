-- An account manager who left accounts behind, and a team that lost several within the days of the rule.
-- Nobody owns these accounts on that day, so the alert has no owner.
with turnover as (
    select * from {{ ref('int_owners__turnover') }} where change_type = 'owner_left'
),

departures as (select * from {{ ref('int_owners__mass_departures') }}),

users as (select * from {{ ref('int_owners__departures') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

day_rules as ({{ dated_rule('mass_departure_days') }}),

-- Those who make a departure one of many: of the days up to the one that opens it.
opened as (
    select
        departures.team,
        departures.mass_departure_on,
        departures.user_id,
        departures.left_on
    from departures
    inner join day_rules
        on day_rules.valid_from <= departures.mass_departure_on
        and day_rules.valid_until > departures.mass_departure_on
    where departures.left_on <= departures.mass_departure_on
        and departures.left_on >= {{ add_days('departures.mass_departure_on', '-day_rules.amount') }}
),

leavers as (
    select
        'owner_left' as alert_type,
        'owner' as unit_type,
        departures.user_id as unit_id,
        departures.left_on as effective_date,
        departures.user_id,
        departures.left_on,
        departures.team
    from departures
    union all
    select
        'mass_departure' as alert_type,
        'team' as unit_type,
        opened.team as unit_id,
        opened.mass_departure_on as effective_date,
        opened.user_id,
        opened.left_on,
        opened.team
    from opened
),

left_behind as (
    select
        leavers.*,
        turnover.account_id,
        turnover.tier,
        turnover.is_single_threaded_before,
        turnover.profit_amount,
        turnover.profit_at_risk_amount,
        turnover.new_owner_user_id,
        versions.account_name,
        row_number() over (
            partition by leavers.alert_type, leavers.unit_id, leavers.effective_date
            order by turnover.profit_at_risk_amount desc, turnover.profit_amount desc nulls last,
                turnover.account_id
        ) as place
    from leavers
    inner join turnover
        on turnover.former_owner_user_id = leavers.user_id
        and turnover.changed_date = leavers.left_on
    inner join versions
        on versions.account_id = turnover.account_id
        and versions.valid_from <= leavers.left_on
        and versions.valid_to > leavers.left_on
),

owners as (
    select
        leavers.alert_type,
        leavers.unit_id,
        leavers.effective_date,
        leavers.user_id,
        users.user_name
    from leavers
    inner join users on users.user_id = leavers.user_id
),

owner_lists as (
    select
        alert_type,
        unit_id,
        effective_date,
        {{ json_array({'owner_name': 'user_name', 'owner_user_id': 'user_id'}, 'user_id') }} as owners
    from owners
    group by alert_type, unit_id, effective_date
),

account_lists as (
    select
        alert_type,
        unit_id,
        effective_date,
        {{ json_array({
            'account_id': 'account_id', 'account_name': 'account_name',
            'profit_at_risk_amount': 'profit_at_risk_amount', 'tier': 'tier',
            'ttm_profit_amount': 'profit_amount'
        }, 'place') }} as accounts
    from left_behind
    where place <= 3
    group by alert_type, unit_id, effective_date
),

sums as (
    select
        alert_type,
        unit_type,
        unit_id,
        effective_date,
        max(team) as team,
        count(distinct user_id) as owners_count,
        count(*) as accounts_count,
        count(case when is_single_threaded_before then 1 end) as single_threaded_count,
        count(case when new_owner_user_id is null then 1 end) as without_owner_count,
        {{ money_sum('profit_amount') }} as profit_amount,
        {{ money_sum('profit_at_risk_amount') }} as profit_at_risk_amount
    from left_behind
    group by alert_type, unit_type, unit_id, effective_date
),

rated as (
    select
        sums.*,
        owner_lists.owners,
        account_lists.accounts,
        case
            when sums.alert_type = 'mass_departure' then 'critical'
            when sums.profit_at_risk_amount > 0 then 'high'
            when sums.profit_at_risk_amount = 0 then 'medium'
        end as severity
    from sums
    inner join owner_lists
        on owner_lists.alert_type = sums.alert_type
        and owner_lists.unit_id = sums.unit_id
        and owner_lists.effective_date = sums.effective_date
    inner join account_lists
        on account_lists.alert_type = sums.alert_type
        and account_lists.unit_id = sums.unit_id
        and account_lists.effective_date = sums.effective_date
),

final as (
    select
        rated.alert_type,
        rated.unit_type,
        rated.unit_id,
        cast(null as {{ text_type() }}) as account_id,
        cast(null as {{ text_type() }}) as owner_user_id,
        rated.effective_date,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        rated.severity,
        rated.severity as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        case
            when rated.severity in ('critical', 'high') then 'immediate'
            when rated.severity = 'medium' then 'digest'
        end as delivery,
        rated.profit_at_risk_amount as at_stake_amount,
        'owner_turnover' as source_mart,
        {{ json_object({
            'accounts': 'rated.accounts', 'accounts_count': 'rated.accounts_count',
            'base_currency': "'" ~ var('base_currency') ~ "'", 'owners': 'rated.owners',
            'owners_count': 'rated.owners_count',
            'profit_at_risk_amount': 'rated.profit_at_risk_amount',
            'single_threaded_count': 'rated.single_threaded_count', 'team': 'rated.team',
            'ttm_profit_amount': 'rated.profit_amount',
            'without_owner_count': 'rated.without_owner_count'
        }) }} as payload
    from rated
)

select * from final
