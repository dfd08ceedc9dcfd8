with days as (select * from {{ ref('int_calendar__days') }}),

accounts as (select * from {{ ref('int_credit__account_days') }}),

final as (
    select
        accounts.as_of_date,
        days.is_month_end,
        days.is_latest,
        accounts.account_id,
        accounts.terms_days,
        accounts.credit_limit_amount,
        accounts.gross_open_amount,
        accounts.shipped_not_invoiced_amount,
        accounts.open_orders_amount,
        accounts.exposure_amount,
        accounts.utilisation_ratio,
        accounts.credit_status,
        accounts.headroom_amount,
        accounts.is_tax_estimated
    from accounts
    inner join days on days.as_of_date = accounts.as_of_date
)

select * from final
