-- How the people on file at each account stand to each other. Two people are in tension where either is
-- against the other, and tied where one is for the other and none against. A pair across two accounts
-- counts at both.
with contacts as (select * from {{ ref('stg_crm__contacts') }} where is_active),

links as (select * from {{ ref('stg_crm__contact_links') }}),

pairs as (
    select
        least(from_contact_id, to_contact_id) as first_contact_id,
        greatest(from_contact_id, to_contact_id) as second_contact_id,
        min(polarity) as worst_polarity,
        max(polarity) as best_polarity
    from links
    where from_contact_id <> to_contact_id
    group by least(from_contact_id, to_contact_id), greatest(from_contact_id, to_contact_id)
),

placed as (
    select
        firsts.account_id as first_account_id,
        seconds.account_id as second_account_id,
        pairs.worst_polarity = -1 as is_tense,
        pairs.worst_polarity > -1 and pairs.best_polarity = 1 as is_tied
    from pairs
    inner join contacts as firsts on firsts.contact_id = pairs.first_contact_id
    inner join contacts as seconds on seconds.contact_id = pairs.second_contact_id
),

at_accounts as (
    select first_account_id as account_id, is_tense, is_tied from placed
    union all
    select second_account_id as account_id, is_tense, is_tied from placed
    where second_account_id <> first_account_id
),

final as (
    select
        account_id,
        cast(sum(case when is_tied then 1 else 0 end) as bigint) as tied_pairs_count,
        cast(sum(case when is_tense then 1 else 0 end) as bigint) as tense_pairs_count
    from at_accounts
    group by account_id
)

select * from final
