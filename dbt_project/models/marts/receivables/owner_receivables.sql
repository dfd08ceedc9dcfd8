with days as (select * from {{ ref('int_calendar__days') }}),

owners as (select * from {{ ref('int_control__owner_days') }}),

handovers as (select * from {{ ref('int_control__handovers') }}),

final as (
    select
        owners.as_of_date,
        days.is_month_end,
        days.is_latest,
        owners.owner_user_id,
        owners.accounts_count,
        owners.gross_open_amount,
        owners.overdue_ratio,
        owners.expected_overdue_ratio,
        owners.drag_ratio,
        owners.benchmark_coverage_ratio,
        owners.unapplied_over_30d_amount,
        owners.unapplied_over_30d_ratio,
        owners.is_review_needed,
        owners.reasons,
        handovers.cycle_step_days as cycle_step_after_handover_days
    from owners
    inner join days on days.as_of_date = owners.as_of_date
    left join handovers
        on handovers.as_of_date = owners.as_of_date
        and handovers.owner_user_id = owners.owner_user_id
)

select * from final
