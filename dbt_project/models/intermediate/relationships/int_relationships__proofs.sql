-- What was proven by dated evidence on each day: joint work that began lately, an alliance in force.
with days as (select * from {{ ref('int_relationships__days') }}),

evidence as (select * from {{ ref('stg_crm__relationship_evidence') }}),

final as (
    select
        days.as_of_date,
        evidence.account_id,
        max(case
            when evidence.evidence_type in (
                'joint_rd', 'custom_solution', 'automation_upgrade', 'standardisation'
            ) and evidence.start_date > days.joint_after then 1
            else 0
        end) = 1 as has_joint_evidence,
        max(case
            when evidence.evidence_type in (
                'alliance_agreement', 'joint_venture', 'technology_equity'
            ) and coalesce(evidence.end_date, days.as_of_date) >= days.as_of_date then 1
            else 0
        end) = 1 as has_alliance_evidence
    from days
    inner join evidence on evidence.start_date <= days.as_of_date
    group by days.as_of_date, evidence.account_id
)

select * from final
