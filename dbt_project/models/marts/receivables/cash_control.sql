with days as (select * from {{ ref('int_calendar__days') }}),

accounts as (select * from {{ ref('int_control__account_days') }}),

final as (
    select
        accounts.as_of_date,
        days.is_month_end,
        days.is_latest,
        accounts.account_id,
        accounts.owner_user_id,
        accounts.unapplied_over_30d_amount,
        accounts.oldest_unapplied_days,
        accounts.application_lag_days,
        accounts.receipts_count,
        accounts.receipts_amount,
        accounts.third_party_payer_ratio,
        accounts.cash_method_ratio,
        accounts.out_of_order_ratio,
        accounts.cross_account_ratio,
        accounts.reversed_receipts_count,
        accounts.confirmation_difference_amount,
        accounts.is_review_needed,
        accounts.reasons
    from accounts
    inner join days on days.as_of_date = accounts.as_of_date
)

select * from final
