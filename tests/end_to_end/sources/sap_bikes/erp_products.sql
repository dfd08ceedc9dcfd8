-- Two products have a second text in German.
select
    products.PRODUCTID as product_id,
    coalesce(texts.MEDIUM_DESCR, texts.SHORT_DESCR) as product_name,
    products.PRODCATEGORYID as product_family
from read_csv(getvariable('data') || '/bikes/Products.csv', all_varchar = true) as products
left join read_csv(getvariable('data') || '/bikes/ProductTexts.csv', all_varchar = true) as texts
    on texts.PRODUCTID = products.PRODUCTID and texts.LANGUAGE = 'EN'
