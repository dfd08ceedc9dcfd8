-- Each balance that a customer confirmed, against what the ledger said of it at the end of that day,
-- and the day from which on the next one stands in its place.
with confirmations as (select * from {{ ref('stg_erp__balance_confirmations') }}),

balances as (select * from {{ ref('int_receivables__balances') }}),

ledgers as (
    select
        confirmations.account_id,
        confirmations.confirmation_date,
        {{ money_sum("case when balances.kind = 'invoice' then balances.open_booked_amount
            else -balances.open_booked_amount end") }} as ledger_amount
    from confirmations
    inner join balances
        on balances.account_id = confirmations.account_id
        and balances.valid_from <= confirmations.confirmation_date
        and balances.valid_to > confirmations.confirmation_date
    group by confirmations.account_id, confirmations.confirmation_date
),

final as (
    select
        confirmations.account_id,
        confirmations.confirmation_date,
        coalesce(
            lead(confirmations.confirmation_date) over (
                partition by confirmations.account_id order by confirmations.confirmation_date
            ),
            {{ end_of_time() }}
        ) as confirmed_until,
        coalesce(ledgers.ledger_amount, 0) as ledger_amount,
        cast(confirmations.confirmed_amount - coalesce(ledgers.ledger_amount, 0)
            as decimal(18,2)) as difference_amount
    from confirmations
    left join ledgers
        on ledgers.account_id = confirmations.account_id
        and ledgers.confirmation_date = confirmations.confirmation_date
)

select * from final
