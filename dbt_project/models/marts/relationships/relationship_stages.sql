with stages as (select * from {{ ref('int_relationships__stages') }}),

confirmed as (select * from {{ ref('int_relationships__confirmed') }}),

wallets as (select * from {{ ref('int_relationships__wallet_changes') }}),

final as (
    select
        stages.as_of_date,
        stages.is_month_end,
        stages.is_latest,
        stages.account_id,
        stages.tier_unit_id,
        stages.evidenced_stage,
        stages.claimed_stage,
        stages.claimed_stage - stages.evidenced_stage as stage_gap,
        confirmed.confirmed_stage,
        confirmed.stage_down_streak_count,
        stages.customer_departments_count,
        {{ ratio('stages.customer_departments_count', '7') }} as department_coverage_ratio,
        stages.own_departments_count,
        stages.department_edges_count,
        stages.active_contacts_count,
        stages.active_own_users_count,
        stages.activities_count,
        stages.top_contact_ratio,
        stages.has_exec_to_exec,
        stages.has_joint_evidence,
        stages.has_alliance_evidence,
        stages.is_single_threaded,
        stages.interpersonal_stage,
        case
            when stages.evidenced_stage > 0 and stages.interpersonal_stage is not null
                then concat_ws('x', cast(stages.evidenced_stage as {{ text_type() }}),
                    cast(stages.interpersonal_stage as {{ text_type() }}))
        end as matrix_cell,
        wallets.wallet_share_change_ratio,
        stages.unknown_department_contacts_count
    from stages
    inner join confirmed
        on confirmed.as_of_date = stages.as_of_date and confirmed.account_id = stages.account_id
    left join wallets
        on wallets.as_of_date = stages.as_of_date and wallets.customer_key = stages.customer_key
)

select * from final
