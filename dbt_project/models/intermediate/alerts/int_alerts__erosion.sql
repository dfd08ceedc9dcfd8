-- The base keeps less while the book of A grows: told at the first month-end of each run.
with erosion as (select * from {{ ref('int_portfolio__erosion') }}),

compared as (
    select
        erosion.*,
        lag(is_base_eroding) over (order by month_end) as was_eroding
    from erosion
),

final as (
    select
        'base_eroding' as alert_type,
        'company' as unit_type,
        'company' as unit_id,
        cast(null as {{ text_type() }}) as account_id,
        cast(null as {{ text_type() }}) as owner_user_id,
        compared.month_end as effective_date,
        cast(null as {{ text_type() }}) as from_value,
        cast(null as {{ text_type() }}) as to_value,
        'medium' as severity,
        'medium' as base_severity,
        cast(null as {{ text_type() }}) as cause,
        cast(null as {{ text_type() }}) as severity_reasons,
        'bi' as audience,
        'digest' as delivery,
        compared.base_opening_amount as at_stake_amount,
        'portfolio_summary' as source_mart,
        {{ json_object({
            'a_closing_amount': 'compared.a_closing_amount',
            'a_opening_amount': 'compared.a_opening_amount',
            'base_currency': "'" ~ var('base_currency') ~ "'",
            'base_grr': ratio('compared.base_retained_amount', 'compared.base_opening_amount'),
            'base_opening_amount': 'compared.base_opening_amount',
            'base_retained_amount': 'compared.base_retained_amount',
            'former_base_grr': ratio(
                'compared.former_retained_amount', 'compared.former_opening_amount')
        }) }} as payload
    from compared
    where compared.is_base_eroding and compared.was_eroding is not true
)

select * from final
