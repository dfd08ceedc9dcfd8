-- I23, I24, I26, I28, I43: what we compute must agree with itself at every month-end (ruling 21).
-- Without orders there are no purchase types. Red by a bridge that lost an amount, or by an opening book
-- that is not the closing one, or by a ratio that does not add up, or by a customer without a cohort,
-- or by a cell without its revenue, or by a tier without its revenue, or by a line without its type, or by a verdict that is not ok.
select * from {{ ref('retention_reconciliation') }}
where (check_status = 'ok') is not true
    and (check_name = 'purchase_types' and check_status = 'not_available') is not true
