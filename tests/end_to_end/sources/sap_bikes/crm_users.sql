-- This file alone is not UTF-8.
select
    EMPLOYEEID as user_id,
    NAME_FIRST || ' ' || NAME_LAST as user_name,
    EMAILADDRESS as email
from read_csv(
    getvariable('data') || '/bikes/Employees.csv',
    all_varchar = true, header = true, encoding = 'latin-1'
)
