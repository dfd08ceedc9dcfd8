-- By month what came into the twelve months of payments and what left them: a cash application
-- twelve months later, or in the month in which it was taken back. Summed up to a month-end they
-- are what was paid in its twelve months.
with applications as (select * from {{ ref('int_receivables__cash_applications') }}),

reversed as (
    select application_id from applications
    where reversed_on < {{ end_of_time() }}
    group by application_id
),

-- One that was taken back in parts is one application until the last of them.
last_parts as (
    select
        applications.application_id,
        max(applications.reversed_on) as reversed_on
    from applications
    inner join reversed on reversed.application_id = applications.application_id
    group by applications.application_id
),

counted as (
    select
        applications.account_id,
        applications.effective_date,
        applications.reversed_on,
        applications.booked_amount,
        case
            when last_parts.reversed_on <> applications.reversed_on then 0 else 1
        end as applications_count,
        cast(applications.booked_amount * cast(applications.to_pay_days as decimal(9,0))
            as decimal(18,2)) as amount_to_pay_days,
        cast(applications.booked_amount * cast(applications.late_days as decimal(9,0))
            as decimal(18,2)) as amount_late_days
    from applications
    left join last_parts on last_parts.application_id = applications.application_id
),

moves as (
    select
        account_id,
        {{ month_start('effective_date') }} as month_start,
        applications_count,
        booked_amount,
        amount_to_pay_days,
        amount_late_days
    from counted
    union all
    select
        account_id,
        least(
            {{ add_months(month_start('effective_date'), 12) }}, {{ month_start('reversed_on') }}
        ) as month_start,
        -applications_count as applications_count,
        -booked_amount as booked_amount,
        -amount_to_pay_days as amount_to_pay_days,
        -amount_late_days as amount_late_days
    from counted
),

final as (
    select
        account_id,
        month_start,
        cast(sum(applications_count) as bigint) as applications_count,
        {{ money_sum('booked_amount') }} as applied_amount,
        {{ money_sum('amount_to_pay_days') }} as amount_to_pay_days,
        {{ money_sum('amount_late_days') }} as amount_late_days
    from moves
    where month_start <= {{ as_of_date() }}
    group by account_id, month_start
)

select * from final
