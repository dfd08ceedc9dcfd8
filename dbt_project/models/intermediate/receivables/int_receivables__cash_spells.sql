-- The stretch of month-ends in whose twelve months a cash application counts, numbered like months;
-- D inside a month is one more, with its own window. Two numbers stand for twelve rows.
with applications as (select * from {{ ref('int_receivables__cash_applications') }}),

bounds as (
    select
        as_of_date,
        year_start,
        as_of_date > last_month_end as is_inside_month,
        {{ month_number('as_of_date') }} as day_number,
        {{ month_number('last_month_end') }} + 1 as end_number,
        {{ month_number('first_document_date') }} as first_number
    from {{ ref('int_calendar__bounds') }}
),

stretches as (
    select
        applications.*,
        greatest({{ month_number('applications.effective_date') }}, bounds.first_number)
            as from_number,
        least(
            {{ month_number('applications.effective_date') }} + 12,
            {{ month_number('applications.reversed_on') }},
            bounds.end_number
        ) as to_number
    from applications
    cross join bounds
    union all
    select
        applications.*,
        bounds.day_number as from_number,
        bounds.day_number + 1 as to_number
    from applications
    inner join bounds
        on bounds.is_inside_month
        and applications.effective_date > bounds.year_start
        and applications.reversed_on > bounds.as_of_date
),

-- An invoice that was paid in parts is one invoice: each part counts where no earlier one does.
final as (
    select
        application_id,
        reversed_on,
        from_number,
        to_number,
        least(to_number, greatest(from_number, coalesce(
            max(to_number) over (
                partition by invoice_id order by from_number, to_number, application_id
                rows between unbounded preceding and 1 preceding
            ), from_number
        ))) as counted_from_number,
        invoice_id,
        account_id,
        booked_amount,
        cast(booked_amount * to_pay_days as decimal(28,2)) as to_pay_days_amount,
        cast(booked_amount * late_days as decimal(28,2)) as late_days_amount
    from stretches
    where from_number < to_number
)

select * from final
