-- How the collection cycle of accounts changed after they were taken over, by day described and
-- owner: the median over the accounts that came from another owner in the months before. The cycle
-- weighs days from invoice to payment, and the age of what is overdue and open, with their amounts;
-- an invoice belongs to the owner of its day. A bounced payment takes its days back.
with days as (select * from {{ ref('int_calendar__days') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

documents as (
    select * from {{ ref('int_receivables__documents') }} where document_type = 'invoice'
),

settlements as (
    select * from {{ ref('int_receivables__settlements') }} where application_type = 'payment'
),

items as (
    select * from {{ ref('int_receivables__items_by_day') }}
    where kind = 'invoice' and bucket <> 'current'
),

units as (select * from {{ ref('int_identity__account_units') }}),

rules as ({{ dated_rows('control_rules') }}),

compared as (
    select
        account_id,
        valid_from,
        owner_user_id,
        lag(owner_user_id) over (partition by account_id order by valid_from) as former_user_id
    from versions
),

changes as (
    select
        account_id,
        owner_user_id,
        former_user_id,
        valid_from as taken_on,
        coalesce(
            lead(valid_from) over (partition by account_id order by valid_from),
            {{ end_of_time() }}
        ) as given_on
    from compared
    where owner_user_id is distinct from former_user_id
),

-- Invoices of twelve months before are what the cycle is compared with.
handovers as (
    select
        account_id,
        owner_user_id,
        taken_on,
        given_on,
        {{ add_months('taken_on', -12) }} as compared_from
    from changes
    where owner_user_id is not null and former_user_id is not null
),

watched as (
    select
        days.as_of_date,
        {{ month_number('days.as_of_date') }} as month_number,
        handovers.account_id,
        handovers.owner_user_id,
        handovers.taken_on,
        handovers.compared_from
    from handovers
    inner join days
        on days.as_of_date >= handovers.taken_on and days.as_of_date < handovers.given_on
    inner join rules
        on rules.valid_from <= days.as_of_date and rules.valid_until > days.as_of_date
    inner join units
        on units.epoch_date = days.epoch_date and units.account_id = handovers.account_id
    where {{ add_months('handovers.taken_on', 'rules.handover_months') }} > days.as_of_date
        and not units.is_internal
),

-- Payments by account and month, so that days and single payments never meet.
paid_months as (
    select
        handovers.account_id,
        handovers.taken_on,
        documents.invoice_date >= handovers.taken_on as is_after,
        {{ month_number('settlements.effective_date') }} as month_number,
        sum({{ at_rate('settlements.amount', 'settlements.booking_rate') }}) as amount,
        sum({{ at_rate('settlements.amount', 'settlements.booking_rate') }}
            * {{ days_between('documents.invoice_date', 'settlements.effective_date') }})
            as amount_days
    from handovers
    inner join settlements on settlements.account_id = handovers.account_id
    inner join documents
        on documents.invoice_id = settlements.invoice_id
        and documents.invoice_date >= handovers.compared_from
    group by
        handovers.account_id, handovers.taken_on, documents.invoice_date >= handovers.taken_on,
        {{ month_number('settlements.effective_date') }}
),

parts as (
    select
        watched.as_of_date,
        watched.account_id,
        watched.owner_user_id,
        paid_months.is_after,
        paid_months.amount,
        paid_months.amount_days
    from watched
    inner join paid_months
        on paid_months.account_id = watched.account_id
        and paid_months.taken_on = watched.taken_on
        and paid_months.month_number <= watched.month_number
    union all
    select
        watched.as_of_date,
        watched.account_id,
        watched.owner_user_id,
        items.document_date >= watched.taken_on as is_after,
        items.open_booked_amount as amount,
        items.open_booked_amount * items.age_days as amount_days
    from watched
    inner join items
        on items.as_of_date = watched.as_of_date
        and items.account_id = watched.account_id
        and items.document_date >= watched.compared_from
),

cycles as (
    select
        as_of_date,
        account_id,
        owner_user_id,
        cast(sum(case when is_after then amount else 0 end) as decimal(18,2)) as after_amount,
        cast(sum(case when is_after then amount_days else 0 end) as decimal(24,2)) as after_days,
        cast(sum(case when is_after then 0 else amount end) as decimal(18,2)) as before_amount,
        cast(sum(case when is_after then 0 else amount_days end) as decimal(24,2)) as before_days
    from parts
    group by as_of_date, account_id, owner_user_id
),

steps as (
    select
        as_of_date,
        owner_user_id,
        account_id,
        {{ multiply_divide('after_days', '1', 'after_amount', 4) }}
        - {{ multiply_divide('before_days', '1', 'before_amount', 4) }} as step_days
    from cycles
    where after_amount > 0 and before_amount > 0
),

ranked as (
    select
        as_of_date,
        owner_user_id,
        step_days,
        row_number() over (
            partition by as_of_date, owner_user_id order by step_days, account_id
        ) as place,
        count(*) over (partition by as_of_date, owner_user_id) as accounts_count
    from steps
),

-- The middle one, or the two in the middle.
final as (
    select
        as_of_date,
        owner_user_id,
        {{ multiply_divide('sum(step_days)', '1', 'count(*)') }} as cycle_step_days
    from ranked
    where place * 2 >= accounts_count and place * 2 <= accounts_count + 2
    group by as_of_date, owner_user_id
)

select * from final
