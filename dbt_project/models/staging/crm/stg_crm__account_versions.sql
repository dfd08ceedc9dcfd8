{{ config(materialized='table') }}

with landed as (
    select
        *,
        {{ business_date('created_at') }} as created_on,
        min({{ business_date('created_at') }}) over (partition by account_id) as first_created_on,
        {{ business_date('coalesce(updated_at, landed_as_of)') }} as version_date
    from {{ source('landing', 'crm_account_versions') }}
),

-- What an attribute was on a day is said by the newest version up to that day (ruling 5), so a
-- version that the source stamped after D does not count, unless it is the only one.
-- An account that came after D is not known at D, unless it has a document by then.
documented as (
    select account_id from {{ source('landing', 'erp_invoices') }}
    where invoice_date <= {{ as_of_date() }}
    union
    select account_id from {{ source('landing', 'erp_payments') }}
    where received_date <= {{ as_of_date() }}
),

known as (
    select
        landed.*,
        row_number() over (
            partition by landed.account_id, version_date
            order by updated_at desc nulls last, _load desc, _row
        ) as rank_of_day,
        min(version_date) over (partition by landed.account_id) as first_version_date
    from landed
    left join documented on documented.account_id = landed.account_id
    where landed.first_created_on is null
        or landed.first_created_on <= {{ as_of_date() }}
        or documented.account_id is not null
),

of_day as (
    select * from known
    where rank_of_day = 1
        and (version_date <= {{ as_of_date() }} or version_date = first_version_date)
),

final as (
    select
        account_id,
        case
            when version_date = first_version_date then {{ beginning_of_time() }}
            else version_date
        end as valid_from,
        coalesce(
            lead(version_date) over (partition by account_id order by version_date),
            {{ end_of_time() }}
        ) as valid_to,
        account_name,
        created_on,
        parent_account_id,
        merged_into_account_id,
        tax_id,
        industry_code,
        region,
        coalesce(channel, 'unknown') as channel,
        owner_user_id,
        coalesce(is_internal, false) as is_internal,
        payment_terms_days,
        credit_limit_amount,
        influence_score,
        influence_rated_on,
        referred_by_account_id,
        claimed_relationship_stage,
        wallet_amount,
        wallet_as_of_date,
        own_growth_score,
        own_growth_rated_on,
        exit_type,
        exit_reason,
        executive_sponsor_user_id,
        exit_recorded_on,
        nullif(trim(exit_competitor), '') as exit_competitor,
        -- What people wrote stays where it landed.
        coalesce(trim(exit_note) <> '', false) as has_exit_note,
        nullif(trim(relation_types), '') as relation_types,
        case when supplier_approved_on <= {{ as_of_date() }} then supplier_approved_on end
            as supplier_approved_on,
        latitude,
        longitude,
        requested_capacity,
        influence_rated_by_user_id,
        coalesce(trim(influence_evidence) <> '', false) as has_influence_evidence,
        version_date as stated_on
    from of_day
)

select * from final
