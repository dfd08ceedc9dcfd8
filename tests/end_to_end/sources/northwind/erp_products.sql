select
    products.product_id,
    products.product_name,
    categories.category_name as product_family
from read_csv(getvariable('data') || '/products.csv', all_varchar = true) as products
left join read_csv(getvariable('data') || '/categories.csv', all_varchar = true) as categories
    using (category_id)
