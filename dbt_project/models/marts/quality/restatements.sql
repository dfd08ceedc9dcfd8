{%- set measures = {
    'net_revenue': ['net_revenue_amount', 'ttm_net_revenue_amount'],
    'profit': ['profit_amount', 'ttm_profit_amount'],
} -%}
with first_published as (select * from {{ source('landing', 'first_published') }}),

tiers as (select * from {{ ref('account_tiers') }}),

late_documents as (select * from {{ ref('int_restatements__late_documents') }}),

-- Only month-ends that a publication described before are compared.
months as (
    select month_end from first_published
    group by month_end
),

current_tiers as (
    select tiers.*
    from tiers
    inner join months on months.month_end = tiers.month_end
),

-- A unit without a row, then or now, earned nothing there and has the tier none.
compared as (
    select
        coalesce(first_published.month_end, current_tiers.month_end) as month_end,
        coalesce(first_published.tier_unit_id, current_tiers.tier_unit_id) as tier_unit_id,
        {%- for measure, (before, after) in measures.items() %}
        cast(coalesce(first_published.{{ before }}, 0) as decimal(18,2)) as first_{{ measure }},
        cast(coalesce(current_tiers.{{ after }}, 0) as decimal(18,2)) as current_{{ measure }},
        {%- endfor %}
        coalesce(first_published.tier, 'none') as first_tier,
        coalesce(current_tiers.tier, 'none') as current_tier
    from first_published
    full outer join current_tiers
        on current_tiers.month_end = first_published.month_end
        and current_tiers.tier_unit_id = first_published.tier_unit_id
),

values_by_measure as (
    {%- for measure in measures %}
    select
        month_end,
        tier_unit_id,
        '{{ measure }}' as measure,
        cast(first_{{ measure }} as {{ text_type() }}) as first_value,
        cast(current_{{ measure }} as {{ text_type() }}) as current_value,
        cast(current_{{ measure }} - first_{{ measure }} as decimal(18,2)) as difference_amount
    from compared
    where first_{{ measure }} <> current_{{ measure }}
    union all
    {%- endfor %}
    select
        month_end,
        tier_unit_id,
        'tier' as measure,
        first_tier as first_value,
        current_tier as current_value,
        cast(null as decimal(18,2)) as difference_amount
    from compared
    where first_tier <> current_tier
),

final as (
    select
        values_by_measure.month_end,
        {{ as_of_date() }} as as_of_date,
        values_by_measure.tier_unit_id,
        values_by_measure.measure,
        values_by_measure.first_value,
        values_by_measure.current_value,
        values_by_measure.difference_amount,
        cast(coalesce(late_documents.late_documents_count, 0) as bigint) as late_documents_count
    from values_by_measure
    left join late_documents
        on late_documents.month_end = values_by_measure.month_end
        and late_documents.tier_unit_id = values_by_measure.tier_unit_id
)

select * from final
