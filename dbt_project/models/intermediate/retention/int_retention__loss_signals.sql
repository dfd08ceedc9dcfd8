-- What could be seen of each loss in the twelve months before it, one row per signal: an event in
-- them, or a state that lasted into them. Stages of relationships are not among them yet.
with churned as (select * from {{ ref('int_retention__churned') }}),

spells as (
    select * from {{ ref('int_retention__spells') }} where lifecycle_state = 'at_risk'
),

units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

months as (select * from {{ ref('int_calendar__month_ends') }}),

all_units as (select * from {{ ref('int_identity__account_units') }}),

overdue_runs as (select * from {{ ref('int_receivables__overdue_runs') }}),

conflicts as (select * from {{ ref('int_retention__conflicts') }}),

watches as (
    select * from {{ ref('int_tiers__changes') }} where event_type = 'watch'
),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

owners as (
    select
        account_id,
        valid_from,
        owner_user_id,
        lag(owner_user_id) over by_account as former_user_id,
        row_number() over by_account as place
    from versions
    window by_account as (partition by account_id order by valid_from)
),

signals as (
    select
        churned.customer_key,
        churned.churned_date,
        'at_risk' as signal
    from churned
    inner join spells
        on spells.customer_key = churned.customer_key
        and spells.members_from = churned.members_from
        and spells.from_date < churned.churned_date
        and spells.until_date > churned.signals_from
    union
    select
        churned.customer_key,
        churned.churned_date,
        'overdue_90' as signal
    from churned
    inner join units on units.customer_key = churned.customer_key
    inner join overdue_runs
        on overdue_runs.account_id = units.account_id
        and overdue_runs.started_on < churned.churned_date
        and overdue_runs.ended_on > churned.signals_from
    union
    select
        churned.customer_key,
        churned.churned_date,
        'owner_change' as signal
    from churned
    inner join owners
        on owners.account_id = churned.customer_key
        and owners.valid_from >= churned.signals_from
        and owners.valid_from < churned.churned_date
    where owners.place > 1 and owners.owner_user_id is distinct from owners.former_user_id
    union
    select
        churned.customer_key,
        churned.churned_date,
        'severe_conflict' as signal
    from churned
    inner join conflicts
        on conflicts.customer_key = churned.customer_key
        and conflicts.opened_on < churned.churned_date
        and conflicts.open_until > churned.signals_from
    union
    select
        churned.customer_key,
        churned.churned_date,
        'watch' as signal
    from churned
    inner join months
        on months.month_end >= churned.signals_from and months.month_end < churned.churned_date
    inner join all_units
        on all_units.epoch_date = months.epoch_date
        and all_units.account_id = churned.customer_key
    inner join watches
        on watches.tier_unit_id = all_units.tier_unit_id
        and watches.effective_date = months.month_end
),

final as (
    select
        customer_key,
        churned_date,
        signal
    from signals
)

select * from final
