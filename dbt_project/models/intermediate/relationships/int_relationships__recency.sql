-- The first contact with each account, the last talk with it and with its leaders, and who spoke to whom
-- lately, up to D; null when no activities are delivered.
with activities as (select * from {{ ref('stg_crm__activities') }}),

automatic as (select * from {{ ref('automatic_channels') }} where is_automatic),

talks as (select * from {{ ref('int_relationships__talks') }}),

rules as (
    select * from ({{ dated_config('relationship_rules') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

last_talks as (
    select
        account_id,
        max(activity_date) as last_two_way_date,
        max(case
            when own_department = 'executive' and customer_department = 'executive'
                then activity_date
        end) as last_executive_date
    from talks
    group by account_id
),

sums as (
    select
        activities.account_id,
        min(activities.activity_date) as first_activity_date,
        sum(case
            when activities.direction = 'inbound' and automatic.channel is null
                and activities.activity_date
                > {{ add_days(as_of_date(), '-rules.window_days') }} then 1
            else 0
        end) as inbound_count,
        sum(case
            when activities.direction = 'outbound' and automatic.channel is null
                and activities.activity_date
                > {{ add_days(as_of_date(), '-rules.window_days') }} then 1
            else 0
        end) as outbound_count
    from activities
    cross join rules
    left join automatic on automatic.channel = lower(activities.channel)
    group by activities.account_id
),

final as (
    select
        sums.account_id,
        last_talks.last_two_way_date,
        last_talks.last_executive_date,
        sums.first_activity_date,
        {{ ratio('sums.inbound_count', 'sums.inbound_count + sums.outbound_count') }}
            as reciprocity_ratio
    from sums
    left join last_talks on last_talks.account_id = sums.account_id
)

select * from final
