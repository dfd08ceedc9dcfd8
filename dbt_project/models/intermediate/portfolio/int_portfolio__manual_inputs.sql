-- What people had entered of the ultimate parent of each tier unit, present and not expired at the
-- month-end; by the rules of it. A department of a contact has no day: it counts as on file today.
with tiers as (select * from {{ ref('int_tiers__states') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

contacts as (select * from {{ ref('stg_crm__contacts') }} where is_active),

evidence as (select * from {{ ref('stg_crm__relationship_evidence') }}),

candidate_rules as ({{ dated_config('candidate_config') }}),

relationship_rules as ({{ dated_config('relationship_rules') }}),

months as (
    select
        month_ends.month_end,
        candidate_rules.minimum_influence_score,
        {{ add_months('month_ends.month_end', '-candidate_rules.influence_months') }}
            as influence_after,
        {{ add_months('month_ends.month_end', '-candidate_rules.wallet_months') }} as wallet_after,
        {{ add_days('month_ends.month_end', '-relationship_rules.rating_days') }} as rated_from
    from {{ ref('int_calendar__month_ends') }} as month_ends
    inner join candidate_rules
        on candidate_rules.valid_from <= month_ends.month_end
        and candidate_rules.valid_until > month_ends.month_end
    inner join relationship_rules
        on relationship_rules.valid_from <= month_ends.month_end
        and relationship_rules.valid_until > month_ends.month_end
    where month_ends.is_tier_month
),

departments as (
    select account_id from contacts where department is not null group by account_id
),

ratings as (
    select
        months.month_end,
        contacts.account_id
    from contacts
    inner join months
        on contacts.interpersonal_rated_on >= months.rated_from
        and contacts.interpersonal_rated_on <= months.month_end
    where contacts.interpersonal_rating is not null
    group by months.month_end, contacts.account_id
),

proofs as (
    select
        months.month_end,
        evidence.account_id
    from evidence
    inner join months
        on evidence.start_date <= months.month_end
        and coalesce(evidence.end_date, months.month_end) >= months.month_end
    group by months.month_end, evidence.account_id
),

inputs as (
    select
        tiers.month_end,
        tiers.tier_unit_id,
        coalesce(
            versions.influence_score is not null
            and versions.influence_rated_on > months.influence_after
            and versions.influence_rated_on <= months.month_end, false
        ) as has_influence,
        coalesce(versions.influence_score >= months.minimum_influence_score, false)
            as is_influential,
        coalesce(
            versions.wallet_amount is not null
            and versions.wallet_as_of_date > months.wallet_after
            and versions.wallet_as_of_date <= months.month_end, false
        ) as has_wallet,
        departments.account_id is not null as has_department,
        ratings.account_id is not null as has_rating,
        proofs.account_id is not null as has_evidence
    from tiers
    inner join months on months.month_end = tiers.month_end
    inner join versions
        on versions.account_id = tiers.tier_unit_id
        and versions.valid_from <= tiers.month_end
        and versions.valid_to > tiers.month_end
    left join departments on departments.account_id = tiers.tier_unit_id
    left join ratings
        on ratings.month_end = tiers.month_end and ratings.account_id = tiers.tier_unit_id
    left join proofs
        on proofs.month_end = tiers.month_end and proofs.account_id = tiers.tier_unit_id
),

final as (
    select
        month_end,
        tier_unit_id,
        has_influence and is_influential as is_reference,
        case when has_influence then 1 else 0 end
        + case when has_wallet then 1 else 0 end
        + case when has_department then 1 else 0 end
        + case when has_rating then 1 else 0 end
        + case when has_evidence then 1 else 0 end as known_inputs_count
    from inputs
)

select * from final
