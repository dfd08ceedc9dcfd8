-- Our people of each account as of D beside its owner, and their departments.
with team as (
    select * from {{ ref('stg_crm__account_team') }} where valid_to > {{ as_of_date() }}
),

users as (select * from {{ ref('stg_crm__users') }}),

final as (
    select
        team.account_id,
        count(distinct team.user_id) as team_members_count,
        count(distinct users.department) as team_departments_count
    from team
    left join users on users.user_id = team.user_id
    group by team.account_id
)

select * from final
