-- Our place among the suppliers of each account, as it states it: by category the newest statement that
-- is not too old on D.
with positions as (select * from {{ ref('stg_crm__supplier_positions') }}),

rules as (
    select * from ({{ dated_rule('supplier_statement_days') }}) as dated
    where valid_from <= {{ as_of_date() }} and valid_until > {{ as_of_date() }}
),

ranked as (
    select
        positions.*,
        row_number() over (
            partition by positions.account_id, positions.product_category
            order by positions.stated_on desc
        ) as rank_from_newest
    from positions
    cross join rules
    where positions.stated_on >= {{ add_days(as_of_date(), '-rules.amount') }}
),

final as (
    select
        account_id,
        cast(min(our_rank) as bigint) as best_supplier_rank,
        cast(max(supplier_count) as bigint) as largest_supplier_count
    from ranked
    where rank_from_newest = 1
    group by account_id
)

select * from final
