-- A day on which less had come than an account had promised for it, on the day after. Promises for
-- one day are told together.
with promises as (select * from {{ ref('int_receivables__promises') }} where is_broken),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

days as (
    select
        account_id,
        promised_date,
        {{ add_days('promised_date', 1) }} as effective_date,
        count(*) as invoices_count,
        min(invoice_id) as invoice_id,
        {{ money_sum('promised_amount') }} as promised_amount,
        {{ money_sum('paid_amount') }} as paid_amount,
        {{ money_sum('missing_amount') }} as missing_amount,
        {{ money_sum('open_booked_amount') }} as left_open_amount
    from promises
    group by account_id, promised_date
),

final as (
    select
        'promise_broken' as alert_type,
        'account' as unit_type,
        days.account_id as unit_id,
        days.account_id,
        versions.owner_user_id,
        days.effective_date,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        'medium' as severity,
        'medium' as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'account_team' as audience,
        'digest' as delivery,
        days.missing_amount as at_stake_amount,
        'receivables_open_items' as source_mart,
        {{ json_object({
            'account_name': 'versions.account_name',
            'base_currency': "'" ~ var('base_currency') ~ "'",
            'invoice_id': 'days.invoice_id',
            'invoices_count': 'days.invoices_count',
            'left_open_amount': 'days.left_open_amount',
            'missing_amount': 'days.missing_amount',
            'paid_amount': 'days.paid_amount',
            'promised_amount': 'days.promised_amount',
            'promised_date': 'days.promised_date'
        }) }} as payload
    from days
    inner join versions
        on versions.account_id = days.account_id
        and versions.valid_from <= days.effective_date
        and versions.valid_to > days.effective_date
    where not versions.is_internal
)

select * from final
