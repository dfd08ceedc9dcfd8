-- What each account owes on each day described, and which of its money lies unapplied for long.
-- Money taken back (a bounced receipt) lowers what lies there, whatever its age.
with items as (select * from {{ ref('int_receivables__items_by_day') }}),

days as (select * from {{ ref('int_calendar__days') }}),

units as (select * from {{ ref('int_identity__account_units') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

rules as ({{ dated_rows('control_rules') }}),

limits as (
    select
        days.as_of_date,
        days.epoch_date,
        rules.unapplied_days
    from days
    inner join rules
        on rules.valid_from <= days.as_of_date and rules.valid_until > days.as_of_date
),

sums as (
    select
        items.as_of_date,
        limits.epoch_date,
        items.account_id,
        {{ money_sum("case when items.kind = 'invoice' then items.open_amount end") }}
            as gross_open_amount,
        {{ money_sum("case when items.kind = 'invoice' and items.bucket <> 'current'
            then items.open_amount end") }} as overdue_amount,
        {{ money_sum("case when items.kind in ('payment', 'surplus') then items.open_amount end") }}
            as unapplied_amount,
        {{ money_sum("case when items.kind in ('payment', 'surplus')
            and (items.open_amount < 0 or items.age_days > limits.unapplied_days)
            then items.open_amount end") }} as unapplied_old_amount,
        max(case when items.kind in ('payment', 'surplus') and items.open_amount > 0
            then items.age_days end) as oldest_days
    from items
    inner join limits on limits.as_of_date = items.as_of_date
    group by items.as_of_date, limits.epoch_date, items.account_id
),

final as (
    select
        sums.as_of_date,
        sums.account_id,
        versions.owner_user_id,
        versions.channel,
        units.is_internal,
        sums.gross_open_amount,
        sums.overdue_amount,
        cast(greatest(sums.unapplied_old_amount, 0) as decimal(18,2)) as unapplied_old_amount,
        case when sums.unapplied_amount > 0 then sums.oldest_days end as oldest_unapplied_days
    from sums
    inner join units
        on units.epoch_date = sums.epoch_date and units.account_id = sums.account_id
    inner join versions
        on versions.account_id = sums.account_id
        and versions.valid_from <= sums.as_of_date
        and versions.valid_to > sums.as_of_date
)

select * from final
