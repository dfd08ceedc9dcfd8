with indexes as (select * from {{ ref('int_concentration__indexes') }}),

final as (
    select
        month_end,
        scope_type,
        scope_id,
        measure,
        accounts_count,
        total_positive_amount,
        non_positive_count,
        top1_ratio,
        top3_ratio,
        top5_ratio,
        hhi,
        hhi_points,
        effective_accounts,
        gini,
        half_value_accounts_count,
        top1_tier_unit_id,
        without_top1_amount,
        without_top3_amount,
        fixed_cost_months_without_top1,
        top1_band,
        hhi_band
    from indexes
)

select * from final
