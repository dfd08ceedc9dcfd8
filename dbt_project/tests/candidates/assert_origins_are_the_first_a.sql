-- T10: one row for each unit that was A at a month-end, with the first of these, the tier of the month
-- before, and the month-ends of the months before at which it was a candidate.
-- Red by an A account without an origin, or by an origin that is a month late, or by a candidate whose months are forgotten.
with tiers as (select * from {{ ref('account_tiers') }}),

rules as ({{ dated_config('candidate_config') }}),

firsts as (
    select
        tier_unit_id,
        min(month_end) as first_a_date
    from tiers
    where tier = 'A'
    group by tier_unit_id
),

with_before as (
    select
        firsts.tier_unit_id,
        firsts.first_a_date,
        coalesce(before.tier, 'none') as previous_tier
    from firsts
    left join tiers as before
        on before.tier_unit_id = firsts.tier_unit_id
        and before.month_end = {{ add_days(month_start('firsts.first_a_date'), -1) }}
),

listed as (
    select
        firsts.tier_unit_id,
        count(*) as months_count
    from firsts
    inner join rules
        on rules.valid_from <= firsts.first_a_date and rules.valid_until > firsts.first_a_date
    inner join {{ ref('quasi_key_accounts') }} as candidates
        on candidates.tier_unit_id = firsts.tier_unit_id
        and candidates.month_end < firsts.first_a_date
        and candidates.month_end
            >= {{ add_months(month_start('firsts.first_a_date'), '-rules.conversion_months') }}
    group by firsts.tier_unit_id
)

select with_before.tier_unit_id, origins.tier_unit_id as origin_unit_id
from with_before
full outer join {{ ref('tier_origins') }} as origins
    on origins.tier_unit_id = with_before.tier_unit_id
left join listed on listed.tier_unit_id = with_before.tier_unit_id
where (
    origins.first_a_date = with_before.first_a_date
    and origins.previous_tier = with_before.previous_tier
    and origins.is_from_candidate = (listed.tier_unit_id is not null)
    and (origins.is_left_censored
        or origins.months_as_candidate_count = coalesce(listed.months_count, 0))
) is not true
