select
    employee_id as user_id,
    first_name || ' ' || last_name as user_name,
    'sales' as department,
    reports_to as manager_user_id
from read_csv(getvariable('data') || '/employees.csv', all_varchar = true)
