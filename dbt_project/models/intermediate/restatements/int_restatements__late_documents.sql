-- How many documents of a unit's twelve months came, changed or went since its month-end was first
-- published. A document counts for the unit of its account by today's identity of that month-end
-- and by that of the first publication, and for the accounts before and after when it moved.
with documents as (select * from {{ source('landing', 'late_documents') }}),

units_then as (select * from {{ source('landing', 'first_published_units') }}),

units as (select * from {{ ref('int_identity__account_units') }} where not is_internal),

months as (select * from {{ ref('int_calendar__month_ends') }}),

units_now as (
    select
        months.month_end,
        units.account_id,
        units.tier_unit_id
    from months
    inner join units on units.epoch_date = months.epoch_date
),

of_units as (
    select documents.month_end, documents.invoice_id, units_then.tier_unit_id
    from documents
    inner join units_then
        on units_then.month_end = documents.month_end
        and units_then.account_id = documents.account_id
    union
    select documents.month_end, documents.invoice_id, units_now.tier_unit_id
    from documents
    inner join units_now
        on units_now.month_end = documents.month_end
        and units_now.account_id = documents.account_id
),

final as (
    select
        month_end,
        tier_unit_id,
        count(*) as late_documents_count
    from of_units
    group by month_end, tier_unit_id
)

select * from final
