with landed as ({{ current_rows('erp_products', ['product_id']) }}),

final as (
    select
        product_id,
        product_name,
        product_family,
        product_category,
        launch_date,
        coalesce(is_service, false) as is_service,
        {{ reference('erp_products', 'origin_account_id') }}
    from landed
)

select * from final
