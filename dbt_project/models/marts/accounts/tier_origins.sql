with tiers as (select * from {{ ref('int_tiers__states') }}),

candidates as (
    select * from {{ ref('int_candidates__eligible') }} where is_candidate
),

months as (select * from {{ ref('int_calendar__month_ends') }} where is_tier_month),

starts as (select * from {{ ref('int_identity__unit_starts') }}),

rules as ({{ dated_config('candidate_config') }}),

first_months as (select min(month_number) as month_number from months),

rises as (
    select
        tiers.*,
        row_number() over (partition by tier_unit_id order by month_number) as place
    from tiers
    where tier = 'A'
),

firsts as (
    select
        rises.month_end,
        rises.month_number,
        rises.epoch_date,
        rises.tier_unit_id,
        rises.from_tier,
        rises.month_number = first_months.month_number as is_left_censored,
        rises.month_number - rules.conversion_months as from_month_number
    from rises
    cross join first_months
    inner join rules
        on rules.valid_from <= rises.month_end and rules.valid_until > rises.month_end
    where rises.place = 1
),

listed as (
    select
        firsts.tier_unit_id,
        count(*) as months_count,
        concat_ws(
            '|',
            max(case when candidates.candidate_reasons like '%influence%' then 'influence' end),
            max(case when candidates.candidate_reasons like '%prospect%' then 'prospect' end),
            max(case when candidates.candidate_reasons like '%volume%' then 'volume' end)
        ) as reasons
    from firsts
    inner join candidates
        on candidates.tier_unit_id = firsts.tier_unit_id
        and candidates.month_number >= firsts.from_month_number
        and candidates.month_number < firsts.month_number
    group by firsts.tier_unit_id
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        firsts.tier_unit_id,
        firsts.month_end as first_a_date,
        coalesce(firsts.from_tier, 'none') as previous_tier,
        listed.tier_unit_id is not null as is_from_candidate,
        listed.reasons as candidate_reasons,
        case when not firsts.is_left_censored then
            cast(coalesce(listed.months_count, 0) as bigint)
        end as months_as_candidate_count,
        case when starts.first_purchase_date <= firsts.month_end then
            firsts.month_number - {{ month_number('starts.first_purchase_date') }}
        end as months_from_first_purchase_count,
        firsts.is_left_censored
    from firsts
    inner join starts
        on starts.epoch_date = firsts.epoch_date and starts.tier_unit_id = firsts.tier_unit_id
    left join listed on listed.tier_unit_id = firsts.tier_unit_id
)

select * from final
