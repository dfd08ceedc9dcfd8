with landed as (
    {{ current_rows('crm_supplier_positions', ['account_id', 'product_category', 'stated_on']) }}
),

final as (
    select
        account_id,
        product_category,
        stated_on,
        supplier_count,
        our_rank
    from landed
    where stated_on <= {{ as_of_date() }}
)

select * from final
