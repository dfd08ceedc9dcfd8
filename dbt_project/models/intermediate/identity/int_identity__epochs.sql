-- Days on which who belongs to whom changed, as far as a described day asks for them.
with versions as (select * from {{ ref('stg_crm__account_versions') }}),

compared as (
    select
        account_id,
        valid_from,
        parent_account_id is distinct from lag(parent_account_id) over by_account
        or merged_into_account_id is distinct from lag(merged_into_account_id) over by_account
        or tax_id is distinct from lag(tax_id) over by_account
        or is_internal is distinct from lag(is_internal) over by_account as is_change
    from versions
    where valid_from <= {{ as_of_date() }}
    window by_account as (partition by account_id order by valid_from)
),

bounds as (select * from {{ ref('int_calendar__bounds') }}),

described_days as (
    select last_day(months.month_start) as day
    from bounds,
        lateral {{ months_between('bounds.first_document_date', 'bounds.last_month_end') }} as months
    where bounds.first_document_date is not null
    union
    select as_of_date as day from bounds
),

-- Only the newest change up to a day that is described is ever asked for.
final as (
    select epoch_date from (
        select
            described_days.day,
            max(case when compared.is_change then compared.valid_from
                else {{ beginning_of_time() }} end) as epoch_date
        from described_days
        inner join compared on compared.valid_from <= described_days.day
        group by described_days.day
    ) as of_days
    group by epoch_date
    union
    select {{ beginning_of_time() }} as epoch_date
)

select * from final
