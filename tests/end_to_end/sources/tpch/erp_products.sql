select
    p_partkey as product_id,
    p_name as product_name,
    p_mfgr as product_family,
    p_brand as product_category
from read_csv(getvariable('data') || '/part.csv', all_varchar = true)
