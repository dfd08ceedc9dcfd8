-- Which of the values that people enter each account has as of D, present and not expired.
with versions as (
    select * from {{ ref('stg_crm__account_versions') }}
    where valid_from <= {{ as_of_date() }} and valid_to > {{ as_of_date() }}
),

contacts as (select * from {{ ref('stg_crm__contacts') }} where is_active),

-- What counts for a candidate counts here, by the rules of today.
rules as (
    select * from ({{ dated_config('candidate_config') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

relationship_rules as (
    select * from ({{ dated_config('relationship_rules') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

contact_facts as (
    select
        contacts.account_id,
        max(case when contacts.department is not null then 1 end) as department_flag,
        max(case when contacts.interpersonal_rating is not null
            and contacts.interpersonal_rated_on
            >= {{ add_days(as_of_date(), '-relationship_rules.rating_days') }}
            and contacts.interpersonal_rated_on <= {{ as_of_date() }} then 1 end) as rating_flag
    from contacts
    cross join relationship_rules
    group by contacts.account_id
),

evidence as (
    select account_id from {{ ref('stg_crm__relationship_evidence') }}
    where end_date is null or end_date >= {{ as_of_date() }}
    group by account_id
),

inputs as (
    select
        versions.account_id,
        coalesce(
            versions.influence_rated_on > {{ add_months(as_of_date(), '-rules.influence_months') }}
            and versions.influence_rated_on <= {{ as_of_date() }}
            and versions.influence_score is not null, false) as has_influence,
        coalesce(
            versions.wallet_as_of_date > {{ add_months(as_of_date(), '-rules.wallet_months') }}
            and versions.wallet_as_of_date <= {{ as_of_date() }}
            and versions.wallet_amount is not null, false) as has_wallet,
        contact_facts.department_flag is not null as has_department,
        contact_facts.rating_flag is not null as has_rating,
        evidence.account_id is not null as has_evidence,
        coalesce(versions.influence_score >= rules.minimum_influence_score, false)
            as is_influential
    from versions
    cross join rules
    left join contact_facts on contact_facts.account_id = versions.account_id
    left join evidence on evidence.account_id = versions.account_id
),

final as (
    select
        account_id,
        has_influence,
        has_wallet,
        has_department,
        has_rating,
        has_evidence,
        has_influence and is_influential as is_reference,
        {{ ratio(
            "(case when has_influence then 1 else 0 end
            + case when has_wallet then 1 else 0 end
            + case when has_department then 1 else 0 end
            + case when has_rating then 1 else 0 end
            + case when has_evidence then 1 else 0 end)", '5') }} as coverage_ratio
    from inputs
)

select * from final
