select
    l_orderkey || '-' || l_linenumber as invoice_line_id,
    l_orderkey as invoice_id,
    l_partkey as product_id,
    l_quantity as quantity,
    l_extendedprice as list_amount,
    cast(
        cast(l_extendedprice as decimal(18,2)) * (1 - cast(l_discount as decimal(4,2)))
    as decimal(18,2)) as net_amount,
    cast(cast(l_quantity as decimal(10,2)) * cast(ps_supplycost as decimal(10,2)) as decimal(18,2))
        as cogs_amount
from read_csv(getvariable('data') || '/lineitem.csv', all_varchar = true) as lineitem
inner join read_csv(getvariable('data') || '/partsupp.csv', all_varchar = true) as partsupp
    on ps_partkey = l_partkey and ps_suppkey = l_suppkey
