with traps as (select * from {{ ref('int_receivables__payment_traps') }}),

final as (
    select
        as_of_date,
        is_month_end,
        is_latest,
        account_id,
        channel,
        cast(payment_terms_days as bigint) as terms_days,
        measured_invoices_count,
        collection_cycle_days,
        weighted_late_days,
        over_terms_days,
        peer_median_cycle_days,
        contribution_margin_ratio,
        financing_cost_ratio,
        margin_after_financing_ratio,
        break_even_cycle_days,
        payment_trap_status,
        payment_trap_status = 'trap' as is_payment_trap,
        reasons,
        average_gross_amount,
        financing_cost_amount,
        financing_cost_year_amount,
        oldest_overdue_days as oldest_open_overdue_days
    from traps
)

select * from final
